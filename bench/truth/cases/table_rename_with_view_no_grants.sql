-- in_transaction: yes
ALTER TABLE sessions RENAME TO web_sessions;
CREATE VIEW sessions AS SELECT * FROM web_sessions;
