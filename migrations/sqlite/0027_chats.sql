-- Replies of chats in the order of time, with the reference of their conversation: chats are counted by it.
CREATE INDEX events_chats ON events (account_id, time, company_id, reference, credits)
    WHERE agent = 0 AND reference IS NOT NULL;
