-- From when on an entry of the ledger holds: a cycle's allocation from its start, whenever the renewal is written down.
-- Entries of earlier versions have none: that of a grant's is the grant's, that of others the time they were written.
ALTER TABLE ledger_entries ADD COLUMN effective_at INTEGER;
