-- Counts the changes of an account's alerts, so that open pages hear of those that another process made.
CREATE TABLE alert_changes (
    account_id INTEGER NOT NULL PRIMARY KEY,
    version    INTEGER NOT NULL
) STRICT;

CREATE TRIGGER alerts_sent AFTER INSERT ON alerts
BEGIN
    INSERT INTO alert_changes (account_id, version) VALUES (new.account_id, 1)
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER alerts_changed AFTER UPDATE ON alerts
BEGIN
    INSERT INTO alert_changes (account_id, version) VALUES (new.account_id, 1)
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;
