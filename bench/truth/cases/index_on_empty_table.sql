-- in_transaction: yes
-- setup: CREATE TABLE drafts (id int PRIMARY KEY, body text);
-- setup: GRANT SELECT ON drafts TO app_rw;
CREATE INDEX drafts_body ON drafts (body);
