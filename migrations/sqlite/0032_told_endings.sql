-- What was told of keys and endpoints that will end, or have ended: once for each end and stage.
CREATE TABLE told_endings (
    -- 0 for the platform.
    account_id INTEGER NOT NULL,
    -- 'key:' and a prefix, or 'webhook:' and an id.
    subject    TEXT    NOT NULL,
    -- Which end is meant: when the key ends, or since when the endpoint accepts nothing.
    epoch      INTEGER NOT NULL,
    stage      TEXT    NOT NULL,
    told_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, subject, epoch, stage)
) STRICT, WITHOUT ROWID;
