-- Rows of files that earlier versions imported have an id of their line and a hash of the row. They are recognised by their
-- content, wherever they stand in a file now. Ids of this form are not made any more.
CREATE INDEX events_placed ON events (account_id, fingerprint)
    WHERE id GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]*'
        AND length(id) = 27;

CREATE INDEX leads_placed ON leads (account_id, fingerprint)
    WHERE id GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]*'
        AND length(id) = 27;
