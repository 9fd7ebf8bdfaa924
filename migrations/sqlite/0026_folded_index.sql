-- The folded columns are filled by now.

-- Searches by the beginning of a reference that is more than printable ASCII without spaces.
CREATE INDEX events_folded
    ON events (account_id, reference_folded, time, seq, company_id, agent, activity, credits)
    WHERE reference_folded IS NOT NULL;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
