-- in_transaction: yes
-- setup: CREATE TABLE ledger (id bigint PRIMARY KEY, amount positive_amount);
-- setup: INSERT INTO ledger SELECT g, g % 900 FROM generate_series(1, current_setting('truth.rows')::int * 4) AS g;
-- setup: GRANT SELECT, INSERT, UPDATE, DELETE ON ledger TO app_rw;
ALTER DOMAIN positive_amount SET NOT NULL;
