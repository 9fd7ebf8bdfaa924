-- Who wants no more of a kind of email of an account.
CREATE TABLE email_optouts (
    account_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    since      INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id, kind)
) STRICT, WITHOUT ROWID;

-- Random keys that links are signed with, made when they are first needed.
CREATE TABLE signing_keys (
    name TEXT NOT NULL PRIMARY KEY,
    key  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
