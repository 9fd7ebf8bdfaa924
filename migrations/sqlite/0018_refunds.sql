-- What comes back after the grant that had paid it ended is a grant of its own kind.

CREATE TABLE new_grants (
    account_id   INTEGER NOT NULL,
    number       INTEGER NOT NULL CHECK (number > 0),
    kind         TEXT    NOT NULL CHECK (kind IN ('plan', 'rollover', 'promotion', 'pack', 'adjustment', 'refund')),
    name         TEXT    NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount >= 0),
    spent        INTEGER NOT NULL CHECK (spent >= 0 AND spent <= amount),
    effective_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    priority     INTEGER NOT NULL,
    cycle_start  INTEGER,
    reference    TEXT,
    actor        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, number)
) STRICT, WITHOUT ROWID;

INSERT INTO new_grants (account_id, number, kind, name, amount, spent, effective_at, expires_at, priority, cycle_start,
    reference, actor, created_at)
SELECT account_id, number, kind, name, amount, spent, effective_at, expires_at, priority, cycle_start, reference, actor,
    created_at FROM grants;

DROP TABLE grants;
ALTER TABLE new_grants RENAME TO grants;

CREATE INDEX grants_expiry ON grants (account_id, expires_at);

CREATE TRIGGER grants_are_never_deleted BEFORE DELETE ON grants
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER grants_keep_their_terms BEFORE UPDATE ON grants
WHEN (old.amount, old.kind, old.effective_at, old.expires_at, old.priority) IS NOT
    (new.amount, new.kind, new.effective_at, new.expires_at, new.priority)
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- Where what a reversal gave back went.
CREATE INDEX ledger_entries_event ON ledger_entries (account_id, event) WHERE event IS NOT NULL;
