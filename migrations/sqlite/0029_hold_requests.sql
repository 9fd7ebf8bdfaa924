-- What a hold was begun with, as a fingerprint: the same request is known again after the hold was renewed or has ended.
-- Of holds from before it is not known.
ALTER TABLE holds ADD COLUMN asked INTEGER;
