-- Texts as searches compare them: folded in case, normalisation, width and white space, for all scripts. SQLite cannot
-- fold; the program fills the columns for what is there before the next migration, in the same transaction.

-- Of references and actors that are more than printable ASCII without spaces; NOCASE and lower() fold the others.
ALTER TABLE events ADD COLUMN reference_folded TEXT;
ALTER TABLE audit ADD COLUMN actor_folded TEXT;

-- Key and name, a line each.
ALTER TABLE accounts ADD COLUMN folded TEXT NOT NULL DEFAULT '';
ALTER TABLE companies ADD COLUMN folded TEXT NOT NULL DEFAULT '';

-- They come back in the next migration.
DROP TRIGGER events_are_never_changed;
DROP TRIGGER audit_is_never_changed;
