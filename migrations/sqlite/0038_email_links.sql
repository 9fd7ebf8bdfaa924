-- Links sent by email that let someone back in or change their email address, once. Only a hash of a link is kept.
-- `email` is the address that a link is for: of a change the new one, of an undo the one before.
CREATE TABLE email_links (
    token_hash BLOB    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('reset', 'change', 'undo')),
    user_id    INTEGER NOT NULL REFERENCES users (user_id),
    email      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX email_links_user ON email_links (user_id, kind);
CREATE INDEX email_links_email ON email_links (email, kind);
CREATE INDEX email_links_expiry ON email_links (expires_at);

-- Addresses that people had before: records name people by the address of their time.
CREATE TABLE former_emails (
    user_id    INTEGER NOT NULL REFERENCES users (user_id),
    email      TEXT    NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, email, changed_at)
) STRICT, WITHOUT ROWID;
