-- in_transaction: no
CREATE TEMP TABLE picked AS SELECT id FROM customers WHERE score > 90 ORDER BY id LIMIT 100;
CREATE INDEX ON picked (id);
UPDATE customers SET status = 'active' WHERE id IN (SELECT id FROM picked);
DROP TABLE picked;
