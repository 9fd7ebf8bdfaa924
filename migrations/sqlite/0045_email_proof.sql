-- Who made sure that an address is a person's, and when: the person by a secret that was mailed to it and shown to nobody
-- else, a provider of single sign-on, or the operator. None: somebody chose a password who may be somebody else.
ALTER TABLE users ADD COLUMN email_proved_by TEXT CHECK (email_proved_by IN ('mail', 'sign_on', 'operator'));
ALTER TABLE users ADD COLUMN email_proved_at INTEGER;

-- The secret that is mailed is another one than the one that whoever invites is shown.
ALTER TABLE invitations ADD COLUMN mailed_hash BLOB;
CREATE UNIQUE INDEX invitations_mailed ON invitations (mailed_hash) WHERE mailed_hash IS NOT NULL;

-- Of an undo: what was known of the address before.
ALTER TABLE email_links ADD COLUMN proved_by TEXT;
ALTER TABLE email_links ADD COLUMN proved_at INTEGER;

-- What the records say of people who are there already. Who joined by an invitation may have been shown its link.
UPDATE users SET email_proved_by = 'operator', email_proved_at = created_at
WHERE platform_role IS NOT NULL OR email IN (SELECT target FROM audit WHERE action = 'user.put');

UPDATE users SET email_proved_by = 'mail', email_proved_at = updated_at
WHERE email_proved_by IS NULL
    AND (user_id IN (SELECT user_id FROM former_emails)
        OR email IN (SELECT target FROM audit WHERE action = 'password.reset'));

-- Whom a provider vouched for and who never chose a password: nobody else set anything up.
UPDATE users SET email_proved_by = 'sign_on', email_proved_at = created_at
WHERE email_proved_by IS NULL AND password_hash = '' AND user_id IN (SELECT user_id FROM identities);
