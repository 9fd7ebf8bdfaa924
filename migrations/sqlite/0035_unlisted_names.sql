-- Sources and activities past the number that an account may have are not listed: their events carry a negative number of
-- names, and totals the number 0. is_told says whether the platform has been told.
CREATE TABLE unlisted_names (
    account_id INTEGER NOT NULL,
    sort       INTEGER NOT NULL,
    is_told    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, sort)
) STRICT, WITHOUT ROWID;
