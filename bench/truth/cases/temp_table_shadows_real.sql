-- in_transaction: no
CREATE TEMP TABLE orders (id int);
ALTER TABLE orders ADD COLUMN x int NOT NULL DEFAULT (random() * 10)::int;
DROP TABLE orders;
