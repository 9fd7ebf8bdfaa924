-- What requests with an Idempotency-Key have done: a row for each of their writes, stored in the write's own
-- transaction, and one for the answer (part -1), stored afterwards. What is in `outcome` is sealed by the caller's token.

CREATE TABLE requests (
    -- The account of the caller's key; 0 for the platform's.
    account_id   INTEGER NOT NULL,
    caller       TEXT    NOT NULL,
    request_id   TEXT    NOT NULL,
    -- The number of the write within the request, from 0; -1 for the answer.
    part         INTEGER NOT NULL,
    request_hash BLOB    NOT NULL,
    -- HTTP status of the answer.
    status       INTEGER,
    outcome      BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    UNIQUE (account_id, caller, request_id, part)
) STRICT;

CREATE INDEX requests_age ON requests (created_at);

INSERT INTO requests (account_id, caller, request_id, part, request_hash, status, outcome, created_at)
SELECT coalesce((SELECT account_id FROM api_keys WHERE 'key ' || prefix = idempotency.caller), 0), caller, key, -1,
    request_hash, status, body, created_at
FROM idempotency;

DROP TABLE idempotency;
