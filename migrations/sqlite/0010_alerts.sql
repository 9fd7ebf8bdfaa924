-- Alerts: what is watched, what was told, and the webhooks it is told to.

CREATE TABLE alert_rules (
    account_id    INTEGER NOT NULL,
    key           TEXT    NOT NULL,
    condition     TEXT    NOT NULL,
    by_mail       INTEGER NOT NULL,
    by_webhook    INTEGER NOT NULL,
    snoozed_until INTEGER,
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;

-- What was told, for ever. subject is a company's key, or empty; settled_… say from what on the same may be told again.
CREATE TABLE alerts (
    number          INTEGER NOT NULL PRIMARY KEY,
    account_id      INTEGER NOT NULL,
    rule            TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    epoch           INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    observed        INTEGER NOT NULL,
    measure         INTEGER NOT NULL,
    at              INTEGER,
    fired_at        INTEGER NOT NULL,
    recovered_at    INTEGER,
    settled_level   INTEGER,
    settled_measure INTEGER,
    acknowledged_at INTEGER,
    acknowledged_by TEXT
) STRICT;

CREATE INDEX alerts_account ON alerts (account_id, number);
CREATE INDEX alerts_latest ON alerts (account_id, rule, subject, number);

CREATE TABLE webhooks (
    account_id  INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    secret      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER,
    PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

-- Messages to be sent, stored in the transaction of what they tell. body is what is signed and sent.
CREATE TABLE messages (
    id         TEXT    NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- target: 'webhook:' and its id, or 'mail:' and an address. due_at is null when nothing is to be done any more.
CREATE TABLE deliveries (
    message      TEXT    NOT NULL REFERENCES messages (id),
    target       TEXT    NOT NULL,
    account_id   INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    due_at       INTEGER,
    delivered_at INTEGER,
    failed_at    INTEGER,
    answer       TEXT    NOT NULL,
    PRIMARY KEY (message, target)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_target ON deliveries (account_id, target, message);

INSERT INTO alert_rules (account_id, key, condition, by_mail, by_webhook)
SELECT account_id, 'credits-used', '{"kind":"used_percent","levels":[75,90,100]}', 1, 1 FROM accounts;
