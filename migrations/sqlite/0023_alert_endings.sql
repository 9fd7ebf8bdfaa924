-- Why an alert is over, and what it told: thresholds by number (percent, or micro-credits), each with the measure it was
-- told at since the epoch began. mark is the threshold that was crossed. owed: crossed while its rule was snoozed, so
-- that nobody was told yet. settled_level and settled_measure are set once it is over.
ALTER TABLE alerts ADD COLUMN mark INTEGER NOT NULL DEFAULT 1;
ALTER TABLE alerts ADD COLUMN crossings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE alerts ADD COLUMN ending TEXT;
ALTER TABLE alerts ADD COLUMN owed INTEGER NOT NULL DEFAULT 0;

UPDATE alerts SET mark = level WHERE kind IN ('used_percent', 'company_budget');
UPDATE alerts SET mark = coalesce(
    (SELECT CAST(round(CAST(json_extract(r.condition, '$.credits') AS REAL) * 1000000) AS INTEGER) FROM alert_rules AS r
     WHERE r.account_id = alerts.account_id AND r.key = alerts.rule AND json_extract(r.condition, '$.kind') = alerts.kind), 0)
WHERE kind IN ('remaining', 'spike');
UPDATE alerts SET ending = 'recovered' WHERE recovered_at IS NOT NULL;

UPDATE alerts SET crossings = (
    SELECT json_group_object(CAST(mark AS TEXT), coalesce(alerts.settled_measure, alerts.measure)) FROM (
        SELECT level.value AS mark FROM alert_rules AS r, json_each(r.condition, '$.levels') AS level
        WHERE r.account_id = alerts.account_id AND r.key = alerts.rule
            AND level.value <= coalesce(alerts.settled_level, alerts.level)
        UNION
        SELECT coalesce(alerts.settled_level, alerts.level)
    ) WHERE mark > 0
) WHERE kind IN ('used_percent', 'company_budget');
UPDATE alerts SET crossings = json_object(CAST(mark AS TEXT), coalesce(settled_measure, measure))
WHERE kind NOT IN ('used_percent', 'company_budget') AND coalesce(settled_level, level) > 0;

CREATE INDEX alerts_lasting ON alerts (account_id) WHERE settled_level IS NULL;
