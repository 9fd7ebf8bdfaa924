-- Orders that were cancelled before they were paid, and how many of a pack an order is for.

CREATE TABLE orders_next (
    account_id   INTEGER NOT NULL,
    order_id     TEXT    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('pack', 'plan')),
    item         TEXT    NOT NULL,
    quantity     INTEGER NOT NULL CHECK (quantity > 0),
    name         TEXT    NOT NULL,
    credits      INTEGER NOT NULL,
    valid_cycles INTEGER NOT NULL,
    price        TEXT,
    currency     TEXT,
    state        TEXT    NOT NULL CHECK (state IN ('ordered', 'applied', 'failed', 'cancelled')),
    reason       TEXT,
    reference    TEXT,
    actor        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, order_id)
) STRICT, WITHOUT ROWID;

INSERT INTO orders_next (account_id, order_id, kind, item, quantity, name, credits, valid_cycles, price, currency, state, reason,
    reference, actor, created_at, updated_at)
SELECT account_id, order_id, kind, item, 1, name, credits, valid_cycles, price, currency, state, reason,
    reference, actor, created_at, updated_at
FROM orders;

DROP TABLE orders;
ALTER TABLE orders_next RENAME TO orders;

CREATE UNIQUE INDEX orders_id ON orders (order_id);
CREATE INDEX orders_latest ON orders (account_id, created_at);
-- What waits for its payment is looked at whenever something is ordered on a page, and whenever the usage page is read.
CREATE INDEX orders_pending ON orders (account_id, created_at) WHERE state = 'ordered';
