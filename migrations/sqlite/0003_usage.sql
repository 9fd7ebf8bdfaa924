-- Usage: the events, and the totals kept with them.

-- Texts that repeat in an account's events: stored once, events carry the number.
-- sort: 0 source, 1 event type, 2 activity, 3 unit. Names are never renumbered.
CREATE TABLE names (
    account_id INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    sort       INTEGER NOT NULL CHECK (sort BETWEEN 0 AND 3),
    name       TEXT    NOT NULL,
    PRIMARY KEY (account_id, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX names_name ON names (account_id, sort, name);

-- source, kind, activity and unit are numbers of names. No foreign keys: they would cost a look-up each
-- for every event, and the writer takes the numbers from the same transaction.
CREATE TABLE events (
    seq          INTEGER NOT NULL PRIMARY KEY,
    account_id   INTEGER NOT NULL,
    source       INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    fingerprint  INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    company_id   INTEGER NOT NULL,
    time         INTEGER NOT NULL,
    recorded_at  INTEGER NOT NULL,
    agent        INTEGER NOT NULL,
    activity     INTEGER NOT NULL,
    credits      INTEGER NOT NULL,
    quantity     INTEGER,
    unit         INTEGER,
    rate_version INTEGER,
    reference    TEXT,
    metadata     TEXT
) STRICT;

-- An event's identity, for ever.
CREATE UNIQUE INDEX events_identity ON events (account_id, source, id);

-- The log in its order, with everything its filters and sums look at.
CREATE INDEX events_log ON events (account_id, time, seq, company_id, agent, activity, credits);

-- What became durable after a place, for one account's live viewers (an index ends in the row's seq).
CREATE INDEX events_account ON events (account_id);

-- Searches by the beginning of a reference.
CREATE INDEX events_reference
    ON events (account_id, reference COLLATE NOCASE, time, seq, company_id, agent, activity, credits)
    WHERE reference IS NOT NULL;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

-- Totals by company. The time comes before the company: what is written together (now, all companies)
-- lies together, so that a transaction touches few pages however many companies report.
CREATE TABLE usage_bucket (
    account_id INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    company_id INTEGER NOT NULL,
    agent      INTEGER NOT NULL,
    activity   INTEGER NOT NULL,
    credits    INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    PRIMARY KEY (account_id, start, company_id, agent, activity)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_day (
    account_id INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    company_id INTEGER NOT NULL,
    agent      INTEGER NOT NULL,
    activity   INTEGER NOT NULL,
    credits    INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    PRIMARY KEY (account_id, start, company_id, agent, activity)
) STRICT, WITHOUT ROWID;

-- The same over all companies of an account.
CREATE TABLE account_bucket (
    account_id INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    agent      INTEGER NOT NULL,
    activity   INTEGER NOT NULL,
    credits    INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    PRIMARY KEY (account_id, start, agent, activity)
) STRICT, WITHOUT ROWID;

CREATE TABLE account_day (
    account_id INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    agent      INTEGER NOT NULL,
    activity   INTEGER NOT NULL,
    credits    INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    PRIMARY KEY (account_id, start, agent, activity)
) STRICT, WITHOUT ROWID;

CREATE TABLE cycle_usage (
    account_id  INTEGER NOT NULL,
    cycle_start INTEGER NOT NULL,
    credits     INTEGER NOT NULL,
    events      INTEGER NOT NULL,
    PRIMARY KEY (account_id, cycle_start)
) STRICT, WITHOUT ROWID;
