-- Orders of packs and plans, and disputes of events.

CREATE TABLE orders (
    account_id   INTEGER NOT NULL,
    order_id     TEXT    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('pack', 'plan')),
    item         TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    credits      INTEGER NOT NULL,
    valid_cycles INTEGER NOT NULL,
    price        TEXT,
    currency     TEXT,
    state        TEXT    NOT NULL CHECK (state IN ('ordered', 'applied', 'failed')),
    reason       TEXT,
    reference    TEXT,
    actor        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, order_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX orders_id ON orders (order_id);
CREATE INDEX orders_latest ON orders (account_id, created_at);

CREATE TABLE disputes (
    account_id INTEGER NOT NULL,
    dispute_id TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    event      TEXT    NOT NULL,
    company_id INTEGER NOT NULL,
    credits    INTEGER,
    reason     TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'accepted', 'refused')),
    decided_by TEXT,
    decided_at INTEGER,
    PRIMARY KEY (account_id, dispute_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX disputes_event ON disputes (account_id, source, event);
CREATE INDEX disputes_latest ON disputes (account_id, created_at);

-- When events, roll-ups, cycle totals and the ledger were last compared, and what was found (a JSON object).
CREATE TABLE reconciliation (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    checked_at INTEGER NOT NULL,
    report     TEXT    NOT NULL
) STRICT;

-- Counts what changed besides usage and running calls: grants, orders, disputes, corrections.
ALTER TABLE books ADD COLUMN billing INTEGER NOT NULL DEFAULT 0;
