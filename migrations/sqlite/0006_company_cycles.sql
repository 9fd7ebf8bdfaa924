-- What companies spent before there was a ledger, for the budgets and caps of the running cycle.
-- Events of that time know no balance. Every cycle with events has a row in cycle_usage.
INSERT INTO company_cycle (account_id, cycle_start, company_id, agent, credits, events)
SELECT account_id, cycle_start, company_id, agent, sum(credits), count(*)
FROM (
    SELECT
        e.account_id,
        (
            SELECT max(c.cycle_start) FROM cycle_usage AS c
            WHERE c.account_id = e.account_id AND c.cycle_start <= e.time
        ) AS cycle_start,
        e.company_id,
        e.agent,
        e.credits
    FROM events AS e
    WHERE e.balance_after IS NULL
)
WHERE cycle_start IS NOT NULL
GROUP BY account_id, cycle_start, company_id, agent
ON CONFLICT (account_id, cycle_start, company_id, agent)
DO UPDATE SET credits = credits + excluded.credits, events = events + excluded.events;
