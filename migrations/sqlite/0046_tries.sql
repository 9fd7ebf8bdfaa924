-- What may be tried so often, wherever and in however many processes.

-- Codes of a second factor: how many of a person were looked at and not right, in some minutes and in a day, and how
-- often the person was told of them in the day.
CREATE TABLE code_guesses (
    user_id        INTEGER NOT NULL PRIMARY KEY REFERENCES users (user_id),
    window_at      INTEGER NOT NULL,
    window_guesses INTEGER NOT NULL,
    day_at         INTEGER NOT NULL,
    day_guesses    INTEGER NOT NULL,
    told           INTEGER NOT NULL
) STRICT;

-- Emails that somebody caused who has not shown that the mailbox is theirs. `cause` is who: an account, a person or a
-- network.
CREATE TABLE asked_mails (
    address  TEXT    NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('invitation', 'reset', 'change')),
    cause    TEXT    NOT NULL,
    asked_at INTEGER NOT NULL
) STRICT;

CREATE INDEX asked_mails_address ON asked_mails (address, kind, asked_at);
CREATE INDEX asked_mails_cause ON asked_mails (cause, kind, asked_at);
CREATE INDEX asked_mails_age ON asked_mails (asked_at);
