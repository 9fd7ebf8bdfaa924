-- What pages show besides events, books and alerts is counted as alerts are (0052): names and limits of companies, an
-- account's own settings, its alert rules, and what is offered to all accounts.
CREATE TRIGGER companies_added AFTER INSERT ON companies
BEGIN
    INSERT INTO alert_changes (account_id, version) VALUES (new.account_id, 1)
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER companies_changed AFTER UPDATE OF key, name, budget, agent_caps ON companies
WHEN new.key IS NOT old.key OR new.name IS NOT old.name OR new.budget IS NOT old.budget
    OR new.agent_caps IS NOT old.agent_caps
BEGIN
    INSERT INTO alert_changes (account_id, version) VALUES (new.account_id, 1)
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER accounts_changed AFTER UPDATE OF name, kind, time_zone, cycle_anchor, plan, plan_version, policy,
    grace_percent, suspended, auto_refund, brand ON accounts
BEGIN
    INSERT INTO alert_changes (account_id, version) VALUES (new.account_id, 1)
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER alert_rules_added AFTER INSERT ON alert_rules
BEGIN
    INSERT INTO alert_changes (account_id, version) VALUES (new.account_id, 1)
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER alert_rules_changed AFTER UPDATE ON alert_rules
BEGIN
    INSERT INTO alert_changes (account_id, version) VALUES (new.account_id, 1)
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER alert_rules_removed AFTER DELETE ON alert_rules
BEGIN
    INSERT INTO alert_changes (account_id, version) VALUES (old.account_id, 1)
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER plans_added AFTER INSERT ON plans
BEGIN
    INSERT INTO alert_changes (account_id, version) SELECT account_id, 1 FROM accounts WHERE true
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER plans_changed AFTER UPDATE ON plans
BEGIN
    INSERT INTO alert_changes (account_id, version) SELECT account_id, 1 FROM accounts WHERE true
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER packs_added AFTER INSERT ON packs
BEGIN
    INSERT INTO alert_changes (account_id, version) SELECT account_id, 1 FROM accounts WHERE true
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER packs_changed AFTER UPDATE ON packs
BEGIN
    INSERT INTO alert_changes (account_id, version) SELECT account_id, 1 FROM accounts WHERE true
        ON CONFLICT (account_id) DO UPDATE SET version = version + 1;
END;
