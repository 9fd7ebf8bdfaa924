-- Who reports, and how long each is usually silent. source is a number of names. last_time is the latest time of an event,
-- seen_at when something came last; longest and longest_before are the longest silences of the week of seen_at and of the
-- week before it. Weeks are those of UTC, counted from the first instant of all.
CREATE TABLE sources (
    account_id     INTEGER NOT NULL,
    source         INTEGER NOT NULL,
    first_seen     INTEGER NOT NULL,
    last_time      INTEGER NOT NULL,
    seen_at        INTEGER NOT NULL,
    events         INTEGER NOT NULL,
    week           INTEGER NOT NULL,
    longest        INTEGER NOT NULL,
    longest_before INTEGER NOT NULL,
    PRIMARY KEY (account_id, source)
) STRICT, WITHOUT ROWID;

-- How long a source was silent before is not known: it is learnt from now on.
INSERT INTO sources (account_id, source, first_seen, last_time, seen_at, events, week, longest, longest_before)
SELECT e.account_id, e.source, max(e.recorded_at), max(e.time), max(e.recorded_at), count(*),
    max(e.recorded_at) / 604800000000, 0, 0
FROM events AS e
JOIN names AS n ON n.account_id = e.account_id AND n.number = e.source
WHERE n.name NOT LIKE 'creditscope:%'
GROUP BY 1, 2;
