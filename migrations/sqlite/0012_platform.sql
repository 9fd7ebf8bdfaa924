-- Usage over all accounts, for those who run the platform. Kept by UTC hour, day and week, because accounts have zones
-- of their own. A plan is the one the account had when the usage was recorded.

CREATE TABLE platform_hour (
    start    INTEGER NOT NULL,
    plan     TEXT    NOT NULL,
    agent    INTEGER NOT NULL,
    activity TEXT    NOT NULL,
    credits  INTEGER NOT NULL,
    events   INTEGER NOT NULL,
    PRIMARY KEY (start, plan, agent, activity)
) STRICT, WITHOUT ROWID;

CREATE TABLE platform_day (
    start    INTEGER NOT NULL,
    plan     TEXT    NOT NULL,
    agent    INTEGER NOT NULL,
    activity TEXT    NOT NULL,
    credits  INTEGER NOT NULL,
    events   INTEGER NOT NULL,
    PRIMARY KEY (start, plan, agent, activity)
) STRICT, WITHOUT ROWID;

-- What each account used in spans of 1 and 7 days (weeks begin on Monday). A period of any whole days is a handful of
-- rows of an account, and they lie together. agents has a byte for each agent, 1 when it was used: a sum of fewer than
-- 256 rows counts rows.
CREATE TABLE account_span (
    account_id INTEGER NOT NULL,
    days       INTEGER NOT NULL CHECK (days IN (1, 7)),
    start      INTEGER NOT NULL,
    plan       TEXT    NOT NULL,
    credits    INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    agents     INTEGER NOT NULL,
    PRIMARY KEY (account_id, days, start, plan)
) STRICT, WITHOUT ROWID;

-- The first event of a cycle after which an account had nothing left.
CREATE TABLE run_outs (
    account_id  INTEGER NOT NULL,
    cycle_start INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    plan        TEXT    NOT NULL,
    PRIMARY KEY (account_id, cycle_start)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_outs_at ON run_outs (at, account_id, cycle_start, plan);

-- What was used before these tables were there, under the plan that the account has now.
INSERT INTO platform_hour (start, plan, agent, activity, credits, events)
SELECT b.start - (b.start % 3600000000 + 3600000000) % 3600000000, a.plan, b.agent, n.name, sum(b.credits), sum(b.events)
FROM account_bucket AS b
JOIN accounts AS a ON a.account_id = b.account_id
JOIN names AS n ON n.account_id = b.account_id AND n.number = b.activity
GROUP BY 1, 2, 3, 4;

INSERT INTO platform_day (start, plan, agent, activity, credits, events)
SELECT start - (start % 86400000000 + 86400000000) % 86400000000, plan, agent, activity, sum(credits), sum(events)
FROM platform_hour GROUP BY 1, 2, 3, 4;

INSERT INTO account_span (account_id, days, start, plan, credits, events, agents)
SELECT account_id, 1, day, plan, sum(credits), sum(events), sum(CASE WHEN events > 0 THEN 1 << (8 * agent) ELSE 0 END)
FROM (
    SELECT b.account_id, b.start - (b.start % 86400000000 + 86400000000) % 86400000000 AS day, a.plan, b.agent,
        sum(b.credits) AS credits, sum(b.events) AS events
    FROM account_bucket AS b JOIN accounts AS a ON a.account_id = b.account_id
    GROUP BY 1, 2, 3, 4
)
GROUP BY 1, 3, 4;

-- Monday 5 January 1970 is four days after the first instant.
INSERT INTO account_span (account_id, days, start, plan, credits, events, agents)
SELECT account_id, 7, week, plan, sum(credits), sum(events), sum(CASE WHEN events > 0 THEN 1 << (8 * agent) ELSE 0 END)
FROM (
    SELECT b.account_id,
        b.start - ((b.start - 345600000000) % 604800000000 + 604800000000) % 604800000000 AS week, a.plan, b.agent,
        sum(b.credits) AS credits, sum(b.events) AS events
    FROM account_bucket AS b JOIN accounts AS a ON a.account_id = b.account_id
    GROUP BY 1, 2, 3, 4
)
GROUP BY 1, 3, 4;

INSERT INTO run_outs (account_id, cycle_start, at, plan)
SELECT e.account_id, e.cycle_start, min(e.time), a.plan
FROM (
    SELECT
        e.account_id,
        e.time,
        (
            SELECT max(c.cycle_start) FROM cycle_usage AS c
            WHERE c.account_id = e.account_id AND c.cycle_start <= e.time
        ) AS cycle_start
    FROM events AS e WHERE e.balance_after <= 0 AND e.credits > 0
) AS e
JOIN accounts AS a ON a.account_id = e.account_id
WHERE e.cycle_start IS NOT NULL
GROUP BY 1, 2;
