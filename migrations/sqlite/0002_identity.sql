-- People, their browser sessions, and answers remembered for retries.

CREATE TABLE users (
    user_id       INTEGER NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    platform_role TEXT    CHECK (platform_role IN ('operator', 'product_manager')),
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    account_id INTEGER NOT NULL REFERENCES accounts (account_id),
    user_id    INTEGER NOT NULL REFERENCES users (user_id),
    role       TEXT    NOT NULL CHECK (role IN ('owner', 'billing_admin', 'analyst', 'client')),
    PRIMARY KEY (account_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_user ON memberships (user_id);

-- No row for a membership means every company.
CREATE TABLE membership_companies (
    account_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    company_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id, company_id),
    -- A company of another account is not one of this.
    FOREIGN KEY (account_id, company_id) REFERENCES companies (account_id, company_id),
    FOREIGN KEY (account_id, user_id) REFERENCES memberships (account_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX membership_companies_user ON membership_companies (user_id);

CREATE TABLE sessions (
    id_hash    BLOB    NOT NULL PRIMARY KEY,
    data       TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE idempotency (
    caller       TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    request_hash BLOB    NOT NULL,
    status       INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    UNIQUE (caller, key)
) STRICT;

CREATE INDEX idempotency_age ON idempotency (created_at);
