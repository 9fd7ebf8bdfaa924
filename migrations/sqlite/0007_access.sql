-- Invitations, single sign-on, one-time sign-ins for a platform's own users, what an agency's clients see, who did what.

-- Whose a session is, so that all of one person's can be listed and ended.
ALTER TABLE sessions ADD COLUMN user_id INTEGER;
CREATE INDEX sessions_user ON sessions (user_id) WHERE user_id IS NOT NULL;

ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
ALTER TABLE api_keys ADD COLUMN used_at INTEGER;

-- Name, colour and logo that clients see, as a JSON object; none when null.
ALTER TABLE accounts ADD COLUMN brand TEXT;

-- Who a provider of single sign-on says someone is.
CREATE TABLE identities (
    issuer     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (user_id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

-- A link that lets someone join an account, once; only a hash of it is kept. companies is a JSON array of numbers.
CREATE TABLE invitations (
    account_id    INTEGER NOT NULL REFERENCES accounts (account_id),
    invitation_id TEXT    NOT NULL,
    token_hash    BLOB    NOT NULL UNIQUE,
    email         TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('owner', 'billing_admin', 'analyst', 'client')),
    companies     TEXT    NOT NULL,
    invited_by    TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('open', 'accepted', 'revoked')),
    PRIMARY KEY (account_id, invitation_id)
) STRICT, WITHOUT ROWID;

-- A link that signs someone of the platform in, once: it is deleted when it is used.
CREATE TABLE portal_links (
    token_hash BLOB    NOT NULL PRIMARY KEY,
    data       TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX portal_links_expiry ON portal_links (expires_at);

-- Who did what, when, from where. No account: it concerned the platform.
CREATE TABLE audit (
    number     INTEGER NOT NULL PRIMARY KEY,
    at         INTEGER NOT NULL,
    account_id INTEGER,
    actor      TEXT    NOT NULL,
    address    TEXT,
    action     TEXT    NOT NULL,
    target     TEXT    NOT NULL,
    detail     TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_account ON audit (account_id, number);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
