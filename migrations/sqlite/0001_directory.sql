-- Who pays, for whom, at which price, and which programs may ask.
-- Times are microseconds since 1970-01-01T00:00:00Z, credits are micro-credits.

CREATE TABLE plans (
    key             TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    monthly_credits INTEGER NOT NULL,
    price           TEXT,
    currency        TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    account_id   INTEGER NOT NULL PRIMARY KEY,
    key          TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('customer', 'agency')),
    time_zone    TEXT    NOT NULL,
    cycle_anchor INTEGER NOT NULL,
    plan         TEXT    NOT NULL REFERENCES plans (key),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

-- Numbers are unique over all accounts, so that a number of one account never names a company of another.
CREATE TABLE companies (
    company_id INTEGER NOT NULL PRIMARY KEY CHECK (company_id > 0),
    account_id INTEGER NOT NULL REFERENCES accounts (account_id),
    key        TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (account_id, key),
    UNIQUE (account_id, company_id)
) STRICT;

CREATE INDEX companies_key ON companies (key);

-- Versions are never changed, only followed by others.
CREATE TABLE rate_cards (
    event_type   TEXT    NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    effective_at INTEGER NOT NULL,
    rules        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (event_type, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    prefix      TEXT    NOT NULL PRIMARY KEY,
    account_id  INTEGER REFERENCES accounts (account_id),
    secret_hash BLOB    NOT NULL,
    scopes      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;

CREATE INDEX api_keys_account ON api_keys (account_id, prefix);
