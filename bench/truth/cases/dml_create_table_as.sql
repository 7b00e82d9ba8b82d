-- in_transaction: no
CREATE TABLE orders_2023 AS SELECT * FROM orders WHERE placed_at < '2024-01-01';
