-- Totals over all accounts have no end: credits stands below a trillion of credits, trillions says how many there are
-- besides. Before, such a row stopped at the end of what a column can hold, and was wrong once something was given back.
ALTER TABLE platform_hour ADD COLUMN trillions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE platform_day ADD COLUMN trillions INTEGER NOT NULL DEFAULT 0;

UPDATE platform_hour SET trillions = credits / 1000000000000000000, credits = credits % 1000000000000000000
WHERE credits >= 1000000000000000000 OR credits <= -1000000000000000000;

-- Hours that do not say what the accounts' buckets make are made anew from these. Amounts are added up in millions of
-- credits and what is left of them: together they may be more than SQLite can add up.
CREATE TABLE wrong_hours AS
SELECT start, agent, activity FROM (
    SELECT start, agent, activity, trillions * 1000000 + credits / 1000000000000 AS millions, credits % 1000000000000 AS rest,
        events
    FROM platform_hour
    UNION ALL
    SELECT b.start - (b.start % 3600000000 + 3600000000) % 3600000000, b.agent, n.name, -(b.credits / 1000000000000),
        -(b.credits % 1000000000000), -b.events
    FROM account_bucket AS b JOIN names AS n ON n.account_id = b.account_id AND n.number = b.activity
)
GROUP BY 1, 2, 3
HAVING sum(millions) + sum(rest) / 1000000000000 <> 0 OR sum(rest) % 1000000000000 <> 0 OR sum(events) <> 0;

DELETE FROM platform_hour WHERE (start, agent, activity) IN (SELECT start, agent, activity FROM wrong_hours);

-- Under the plan that the account had on that day, or most of its usage of that day.
INSERT INTO platform_hour (start, plan, agent, activity, credits, trillions, events)
SELECT start, plan_then, agent, activity, (millions + rest / 1000000000000) % 1000000 * 1000000000000 + rest % 1000000000000,
    (millions + rest / 1000000000000) / 1000000, events
FROM (
    SELECT w.start, w.agent, w.activity, sum(b.credits / 1000000000000) AS millions, sum(b.credits % 1000000000000) AS rest,
        sum(b.events) AS events,
        coalesce((SELECT s.plan FROM account_span AS s
            WHERE s.days = 1 AND s.start = w.start - (w.start % 86400000000 + 86400000000) % 86400000000
                AND s.account_id = b.account_id
            ORDER BY s.credits DESC LIMIT 1), a.plan) AS plan_then
    FROM wrong_hours AS w
    JOIN names AS n ON n.name = w.activity
    JOIN account_bucket AS b ON b.account_id = n.account_id AND b.activity = n.number AND b.agent = w.agent
        AND b.start >= w.start AND b.start < w.start + 3600000000
    JOIN accounts AS a ON a.account_id = b.account_id
    GROUP BY w.start, w.agent, w.activity, plan_then
);

DROP TABLE wrong_hours;

DELETE FROM platform_day;

INSERT INTO platform_day (start, plan, agent, activity, credits, trillions, events)
SELECT start, plan, agent, activity, (millions + rest / 1000000000000) % 1000000 * 1000000000000 + rest % 1000000000000,
    (millions + rest / 1000000000000) / 1000000, events
FROM (
    SELECT start - (start % 86400000000 + 86400000000) % 86400000000 AS start, plan, agent, activity,
        sum(trillions * 1000000 + credits / 1000000000000) AS millions, sum(credits % 1000000000000) AS rest,
        sum(events) AS events
    FROM platform_hour GROUP BY 1, 2, 3, 4
);

-- What an account has used in all, in the same two parts: it is counted to a trillion, and then refused.
ALTER TABLE books ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE books ADD COLUMN counted_trillions INTEGER NOT NULL DEFAULT 0;

UPDATE books SET
    counted = (millions + rest / 1000000000000) % 1000000 * 1000000000000 + rest % 1000000000000,
    counted_trillions = (millions + rest / 1000000000000) / 1000000
FROM (
    SELECT account_id, sum(credits / 1000000000000) AS millions, sum(credits % 1000000000000) AS rest
    FROM cycle_usage GROUP BY account_id
) AS used
WHERE used.account_id = books.account_id;
