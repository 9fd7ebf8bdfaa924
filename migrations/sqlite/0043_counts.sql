-- The key that a key was rotated into: while that one works, it is not rotated once more.
ALTER TABLE api_keys ADD COLUMN successor TEXT;

-- Sessions and one-time links of a platform's user, who is known by an account and a name: they are counted.
CREATE INDEX sessions_portal ON sessions (
    iif(json_valid(data), data ->> '$.account', NULL), iif(json_valid(data), data ->> '$.user', NULL), expires_at
) WHERE user_id IS NULL;

CREATE INDEX portal_links_user ON portal_links (
    iif(json_valid(data), data ->> '$.account', NULL), iif(json_valid(data), data ->> '$.user', NULL), expires_at
);
