-- Weeks that somebody looked through. week is its first instant in the account's zone.
CREATE TABLE reviews (
    account_id  INTEGER NOT NULL,
    week        INTEGER NOT NULL,
    reviewed_at INTEGER NOT NULL,
    reviewed_by TEXT    NOT NULL,
    PRIMARY KEY (account_id, week)
) STRICT, WITHOUT ROWID;
