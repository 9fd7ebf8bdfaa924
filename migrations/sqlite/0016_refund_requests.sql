-- Requests for refunds are decided by the platform: who asked, what the agency says, what was refunded, and why.

-- Credits that the system may refund in a billing cycle without anybody's decision.
ALTER TABLE accounts ADD COLUMN auto_refund INTEGER NOT NULL DEFAULT 0 CHECK (auto_refund >= 0);

-- Whether a client of an agency asks.
ALTER TABLE disputes ADD COLUMN of_client INTEGER NOT NULL DEFAULT 0 CHECK (of_client IN (0, 1));
-- What the agency says of its client's request: {"supports", "note", "actor", "at"}.
ALTER TABLE disputes ADD COLUMN support TEXT;
ALTER TABLE disputes ADD COLUMN refunded INTEGER;
ALTER TABLE disputes ADD COLUMN decision_reason TEXT;

UPDATE disputes SET of_client = 1
WHERE EXISTS (
    SELECT 1 FROM users AS u JOIN memberships AS m ON m.user_id = u.user_id
    JOIN accounts AS a ON a.account_id = m.account_id
    WHERE u.email = disputes.actor AND m.account_id = disputes.account_id AND m.role = 'client' AND a.kind = 'agency');

-- An approval refunded in the transaction that decided it.
UPDATE disputes SET refunded = (
    SELECT -sum(r.credits) FROM names AS n
    JOIN events AS e ON e.account_id = n.account_id AND e.source = n.number AND e.id = disputes.event
    JOIN events AS r ON r.reverses = e.seq AND r.recorded_at = disputes.decided_at
    WHERE n.account_id = disputes.account_id AND n.sort = 0 AND n.name = disputes.source)
WHERE state = 'accepted';

-- The open ones of all accounts, the oldest first.
CREATE INDEX disputes_open ON disputes (created_at, dispute_id) WHERE state = 'open';
-- What the system has refunded in a cycle.
CREATE INDEX disputes_by_system ON disputes (account_id, decided_at) WHERE decided_by = 'system';
