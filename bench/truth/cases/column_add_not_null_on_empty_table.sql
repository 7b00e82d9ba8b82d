-- in_transaction: yes
-- setup: CREATE TABLE drafts (id bigint PRIMARY KEY, body text);
-- setup: GRANT SELECT ON drafts TO app_rw;
ALTER TABLE drafts ADD COLUMN author_id int NOT NULL;
