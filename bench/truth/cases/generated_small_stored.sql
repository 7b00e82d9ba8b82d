-- in_transaction: yes
ALTER TABLE plans ADD COLUMN gross numeric(10,2) GENERATED ALWAYS AS (price * 1.2) STORED;
