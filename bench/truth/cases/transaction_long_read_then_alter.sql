-- in_transaction: yes
CREATE TABLE lifetime_values AS SELECT customer_id, sum(total) AS value FROM orders GROUP BY customer_id;
ALTER TABLE customers ADD COLUMN lifetime_value numeric;
