-- The ledger: who paid for usage, what is held by running calls, and every other movement of credits.

-- Most credits of an allocation that are carried into the next cycle; none when null.
ALTER TABLE plans ADD COLUMN rollover INTEGER;

-- What happens at zero.
ALTER TABLE accounts ADD COLUMN policy TEXT NOT NULL DEFAULT 'hard_stop' CHECK (policy IN ('hard_stop', 'grace', 'overage'));
ALTER TABLE accounts ADD COLUMN grace_percent INTEGER;
ALTER TABLE accounts ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1));

-- Limits of a cycle; caps are a JSON object of micro-credits by agent number.
ALTER TABLE companies ADD COLUMN budget INTEGER;
ALTER TABLE companies ADD COLUMN agent_caps TEXT;

CREATE TABLE packs (
    key          TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    credits      INTEGER NOT NULL CHECK (credits > 0),
    price        TEXT,
    currency     TEXT,
    valid_cycles INTEGER NOT NULL CHECK (valid_cycles > 0),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

-- An account's books as a whole: the numbers given last, the cycle renewed last, and what is held.
CREATE TABLE books (
    account_id INTEGER NOT NULL PRIMARY KEY,
    version    INTEGER NOT NULL,
    last_grant INTEGER NOT NULL,
    last_entry INTEGER NOT NULL,
    renewed    INTEGER NOT NULL,
    renews_at  INTEGER NOT NULL,
    held       INTEGER NOT NULL CHECK (held >= 0)
) STRICT;

CREATE INDEX books_renewal ON books (renews_at);

-- Credits that were given. No grant pays more than its amount.
CREATE TABLE grants (
    account_id   INTEGER NOT NULL,
    number       INTEGER NOT NULL CHECK (number > 0),
    kind         TEXT    NOT NULL CHECK (kind IN ('plan', 'rollover', 'promotion', 'pack', 'adjustment')),
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

-- Usage past all grants, by cycle: what nobody has paid, and what later grants paid ([[grant, credits], …], oldest first).
CREATE TABLE overage (
    account_id  INTEGER NOT NULL,
    cycle_start INTEGER NOT NULL,
    due         INTEGER NOT NULL CHECK (due >= 0),
    covers      TEXT    NOT NULL,
    PRIMARY KEY (account_id, cycle_start)
) STRICT, WITHOUT ROWID;

-- Movements of credits besides usage itself. grant_number 0 is the overage of the cycle; as_of is the newest event then.
CREATE TABLE ledger_entries (
    account_id    INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    as_of         INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    grant_number  INTEGER NOT NULL,
    cycle_start   INTEGER NOT NULL,
    credits       INTEGER NOT NULL,
    balance_after INTEGER NOT NULL,
    event         INTEGER,
    reason        TEXT,
    actor         TEXT    NOT NULL,
    PRIMARY KEY (account_id, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER ledger_entries_are_never_changed BEFORE UPDATE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER ledger_entries_are_never_deleted BEFORE DELETE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- Who paid: the number of a grant, 0 for overage, -1 for several (see payments), null for nothing to pay.
ALTER TABLE events ADD COLUMN paid_by INTEGER;
-- What the account had left afterwards.
ALTER TABLE events ADD COLUMN balance_after INTEGER;
-- The event that this one takes back; its credits are negative then, and only then.
ALTER TABLE events ADD COLUMN reverses INTEGER;

CREATE INDEX events_reversals ON events (reverses) WHERE reverses IS NOT NULL;

-- The parts of events that several paid, in order.
CREATE TABLE payments (
    account_id   INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    part         INTEGER NOT NULL,
    grant_number INTEGER NOT NULL,
    credits      INTEGER NOT NULL CHECK (credits > 0),
    PRIMARY KEY (account_id, seq, part)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER payments_are_never_changed BEFORE UPDATE ON payments
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER payments_are_never_deleted BEFORE DELETE ON payments
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- Credits that running calls reserve, and what became of them.
CREATE TABLE holds (
    account_id  INTEGER NOT NULL,
    hold_id     TEXT    NOT NULL,
    company_id  INTEGER NOT NULL,
    agent       INTEGER NOT NULL,
    activity    TEXT    NOT NULL,
    credits     INTEGER NOT NULL,
    used        INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('active', 'settled', 'released', 'expired')),
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    settled     INTEGER,
    fingerprint INTEGER NOT NULL,
    PRIMARY KEY (account_id, hold_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_active ON holds (account_id, expires_at) WHERE state = 'active';
CREATE INDEX holds_overdue ON holds (expires_at) WHERE state = 'active';

-- What companies spent in a cycle, for their budgets and caps.
CREATE TABLE company_cycle (
    account_id  INTEGER NOT NULL,
    cycle_start INTEGER NOT NULL,
    company_id  INTEGER NOT NULL,
    agent       INTEGER NOT NULL,
    credits     INTEGER NOT NULL,
    events      INTEGER NOT NULL,
    PRIMARY KEY (account_id, cycle_start, company_id, agent)
) STRICT, WITHOUT ROWID;
