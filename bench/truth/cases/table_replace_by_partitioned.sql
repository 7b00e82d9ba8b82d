-- in_transaction: yes
ALTER TABLE sessions RENAME TO sessions_old;
CREATE TABLE sessions (LIKE sessions_old INCLUDING DEFAULTS) PARTITION BY HASH (id);
CREATE TABLE sessions_0 PARTITION OF sessions FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO sessions SELECT * FROM sessions_old;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO app_ro, app_rw;
