-- Second factors: apps that make one-time codes, recovery codes, and who has to have one.

-- The secret is kept as it is, since codes are computed from it.
CREATE TABLE authenticators (
    user_id    INTEGER NOT NULL PRIMARY KEY REFERENCES users (user_id),
    secret     BLOB    NOT NULL,
    -- The time step of the code that was accepted last: none is accepted twice.
    last_step  INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Codes that were not used yet; only hashes of them are kept.
CREATE TABLE recovery_codes (
    user_id   INTEGER NOT NULL REFERENCES users (user_id),
    code_hash BLOB    NOT NULL,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- Roles of accounts whose members need a second factor.
CREATE TABLE second_factor_demands (
    account_id INTEGER NOT NULL REFERENCES accounts (account_id),
    role       TEXT    NOT NULL CHECK (role IN ('owner', 'billing_admin', 'analyst', 'client')),
    PRIMARY KEY (account_id, role)
) STRICT, WITHOUT ROWID;
