-- Accounts that are written to every week. told is the first instant of the last week that was told.
CREATE TABLE digests (
    account_id INTEGER NOT NULL PRIMARY KEY,
    told       INTEGER NOT NULL
) STRICT;
