-- Sums of each account in the order in which they are read and written: those of one day or week stand together.
CREATE TABLE ordered_span (
    days       INTEGER NOT NULL CHECK (days IN (1, 7)),
    start      INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    plan       TEXT    NOT NULL,
    credits    INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    agents     INTEGER NOT NULL,
    PRIMARY KEY (days, start, account_id, plan)
) STRICT, WITHOUT ROWID;

INSERT INTO ordered_span (days, start, account_id, plan, credits, events, agents)
SELECT days, start, account_id, plan, credits, events, agents FROM account_span
ORDER BY days, start, account_id, plan;

DROP TABLE account_span;
ALTER TABLE ordered_span RENAME TO account_span;
