-- What usage brought in, and which usage brought in nothing.

-- source is a number of names, as in events; kind: 0 lead, 1 booking, 2 sale; amount in millionths of the currency.
CREATE TABLE leads (
    number      INTEGER NOT NULL PRIMARY KEY,
    account_id  INTEGER NOT NULL,
    source      INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    fingerprint INTEGER NOT NULL,
    company_id  INTEGER NOT NULL,
    time        INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    agent       INTEGER NOT NULL,
    kind        INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    reference   TEXT,
    amount      INTEGER,
    currency    TEXT,
    CHECK ((amount IS NULL) = (currency IS NULL))
) STRICT;

-- A lead's identity, for ever. No event of the account has the same.
CREATE UNIQUE INDEX leads_identity ON leads (account_id, source, id);

CREATE INDEX leads_time ON leads (account_id, time, company_id, reference);

-- Whether a reference led to something, and when.
CREATE INDEX leads_reference ON leads (account_id, reference, company_id, time) WHERE reference IS NOT NULL;

CREATE TRIGGER leads_are_never_changed BEFORE UPDATE ON leads
BEGIN
    SELECT RAISE(ABORT, 'leads are append-only');
END;

CREATE TRIGGER leads_are_never_deleted BEFORE DELETE ON leads
BEGIN
    SELECT RAISE(ABORT, 'leads are append-only');
END;

-- Leads of a company by what they are; currency is empty for those whose worth was not said.
CREATE TABLE lead_bucket (
    account_id INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    company_id INTEGER NOT NULL,
    agent      INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    currency   TEXT    NOT NULL,
    amount     INTEGER NOT NULL,
    leads      INTEGER NOT NULL,
    PRIMARY KEY (account_id, start, company_id, agent, kind, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE lead_day (
    account_id INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    company_id INTEGER NOT NULL,
    agent      INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    currency   TEXT    NOT NULL,
    amount     INTEGER NOT NULL,
    leads      INTEGER NOT NULL,
    PRIMARY KEY (account_id, start, company_id, agent, kind, currency)
) STRICT, WITHOUT ROWID;

-- Voice calls of less than ten seconds.
CREATE TABLE short_call_bucket (
    account_id INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    company_id INTEGER NOT NULL,
    agent      INTEGER NOT NULL,
    credits    INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    PRIMARY KEY (account_id, start, company_id, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE short_call_day (
    account_id INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    company_id INTEGER NOT NULL,
    agent      INTEGER NOT NULL,
    credits    INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    PRIMARY KEY (account_id, start, company_id, agent)
) STRICT, WITHOUT ROWID;

-- The short calls of an account: those of calls that were recorded before there was a total of them are looked for here
-- once, and the doctor compares with it. A reversal takes back what the call it names was.
CREATE VIEW short_calls AS
SELECT e.account_id, e.time, e.company_id, e.agent, e.credits, e.credits >= 0 AS events
FROM events AS e
JOIN events AS call ON call.seq = coalesce(e.reverses, e.seq)
LEFT JOIN names AS unit ON unit.account_id = call.account_id AND unit.number = call.unit
WHERE e.agent IN (1, 2, 3) AND CASE
    WHEN unit.name IN ('second', 'seconds', 's') THEN call.quantity < 10000000
    WHEN unit.name IN ('minute', 'minutes', 'min') THEN call.quantity * 60 < 10000000
    WHEN json_type(call.metadata, '$.duration_s') IN ('integer', 'real')
        THEN CAST(json_extract(call.metadata, '$.duration_s') * 1000000.0 AS INTEGER) < 10000000
    ELSE 0
END;

INSERT INTO short_call_bucket (account_id, start, company_id, agent, credits, events)
SELECT account_id, time - (time % 900000000 + 900000000) % 900000000, company_id, agent, sum(credits), sum(events)
FROM short_calls GROUP BY 1, 2, 3, 4;

-- The day of a call is the last day with usage that had begun: its own.
INSERT INTO short_call_day (account_id, start, company_id, agent, credits, events)
SELECT account_id, day, company_id, agent, sum(credits), sum(events)
FROM (
    SELECT s.account_id, s.company_id, s.agent, s.credits, s.events, (
        SELECT max(d.start) FROM account_day AS d WHERE d.account_id = s.account_id AND d.start <= s.time
    ) AS day
    FROM short_calls AS s
)
WHERE day IS NOT NULL
GROUP BY 1, 2, 3, 4;
