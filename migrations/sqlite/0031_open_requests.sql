-- How many requests of an account wait for their decision is looked at whenever one is added.
CREATE INDEX disputes_open_of_account ON disputes (account_id) WHERE state = 'open';
