-- in_transaction: yes
-- setup: CREATE TYPE shade AS ENUM ('light', 'dark');
-- setup: CREATE TABLE themes (id int PRIMARY KEY, shade shade NOT NULL);
-- setup: INSERT INTO themes SELECT g, 'dark' FROM generate_series(1, current_setting('truth.rows')::int) AS g;
-- setup: GRANT SELECT, INSERT, UPDATE, DELETE ON themes TO app_rw;
ALTER TABLE themes ALTER COLUMN shade TYPE text;
