-- What plans give, version by version: a billing cycle has the terms that were in force when it began, whoever looks when.
-- The table plans has the newest version.

CREATE TABLE plan_terms (
    plan            TEXT    NOT NULL REFERENCES plans (key),
    version         INTEGER NOT NULL CHECK (version > 0),
    effective_at    INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    monthly_credits INTEGER NOT NULL,
    price           TEXT,
    currency        TEXT,
    rollover        INTEGER,
    PRIMARY KEY (plan, version)
) STRICT, WITHOUT ROWID;

-- What a plan gives today it has given from its beginning; grants that were given before stay as they are.
INSERT INTO plan_terms (plan, version, effective_at, name, monthly_credits, price, currency, rollover)
SELECT key, 1, created_at, name, monthly_credits, price, currency, rollover FROM plans;

CREATE TRIGGER plan_terms_are_never_changed BEFORE UPDATE ON plan_terms
BEGIN
    SELECT RAISE(ABORT, 'terms of a plan are followed by others, never changed');
END;

CREATE TRIGGER plan_terms_are_never_deleted BEFORE DELETE ON plan_terms
BEGIN
    SELECT RAISE(ABORT, 'terms of a plan are followed by others, never changed');
END;

-- The version of the plan's terms that was in force when the account moved to the plan.
ALTER TABLE accounts ADD COLUMN plan_version INTEGER NOT NULL DEFAULT 1;
-- When the account came to be: its first billing cycle is that one. Null for accounts from before this was noted, whose
-- books begin with the first cycle in which something is done to them.
ALTER TABLE accounts ADD COLUMN opened_at INTEGER;
