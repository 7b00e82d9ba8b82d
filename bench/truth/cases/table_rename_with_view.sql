-- in_transaction: yes
SET LOCAL lock_timeout = '2s';
ALTER TABLE sessions RENAME TO web_sessions;
CREATE VIEW sessions AS SELECT id, customer_id, expires_at, data FROM web_sessions;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO app_rw;
GRANT SELECT ON sessions TO app_ro;
