-- Passkeys (WebAuthn) as second factors, and what is asked of them for a few minutes.

CREATE TABLE passkeys (
    passkey_id    TEXT    NOT NULL PRIMARY KEY,
    user_id       INTEGER NOT NULL REFERENCES users (user_id),
    -- What the browser calls it. It belongs to one person, whoever else brings it.
    credential_id BLOB    NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 16 AND 1023),
    -- The host it was made for: browsers offer it nowhere else.
    host          TEXT    NOT NULL,
    user_handle   BLOB    NOT NULL CHECK (length(user_handle) = 16),
    transports    INTEGER NOT NULL CHECK (transports BETWEEN 0 AND 255),
    public_key    BLOB    NOT NULL,
    -- What changes with use: its counter among others.
    state         BLOB    NOT NULL CHECK (length(state) = 7),
    name          TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER
) STRICT;

CREATE INDEX passkeys_user ON passkeys (user_id, created_at, passkey_id);

-- Each is answered once, by the person and for the purpose it was made for.
CREATE TABLE passkey_challenges (
    challenge  BLOB    NOT NULL PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (user_id),
    purpose    TEXT    NOT NULL CHECK (purpose IN ('add', 'sign_in', 'confirm')),
    state      BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX passkey_challenges_user ON passkey_challenges (user_id, purpose, created_at);
CREATE INDEX passkey_challenges_expiry ON passkey_challenges (expires_at);
