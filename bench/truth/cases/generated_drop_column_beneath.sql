-- in_transaction: yes
-- setup: ALTER TABLE plans ADD COLUMN gross numeric GENERATED ALWAYS AS (price * 1.2) STORED;
ALTER TABLE plans DROP COLUMN price;
