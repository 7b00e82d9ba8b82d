-- in_transaction: yes
CREATE TEMP TABLE doomed AS SELECT id FROM customers WHERE id BETWEEN 100 AND 110;
ALTER TABLE customers ADD COLUMN note text;
DROP TABLE doomed;
