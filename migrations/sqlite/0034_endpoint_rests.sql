-- Endpoints that did not take what they were sent: how often in a row, and until when nothing is sent there.

CREATE TABLE endpoint_rests (
    account_id  INTEGER NOT NULL,
    target      TEXT    NOT NULL,
    failures    INTEGER NOT NULL,
    rests_until INTEGER NOT NULL,
    PRIMARY KEY (account_id, target)
) STRICT, WITHOUT ROWID;

-- What is on its way to one target.
CREATE INDEX deliveries_pending ON deliveries (account_id, target) WHERE due_at IS NOT NULL;
