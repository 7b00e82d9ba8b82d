-- in_transaction: yes
-- setup: CREATE TABLE audit_trail (id bigint NOT NULL, what text);
-- setup: INSERT INTO audit_trail SELECT g, 'did ' || g FROM generate_series(1, current_setting('truth.rows')::int) AS g;
-- setup: GRANT SELECT, INSERT, UPDATE, DELETE ON audit_trail TO app_rw;
ALTER TABLE audit_trail ADD PRIMARY KEY (id);
