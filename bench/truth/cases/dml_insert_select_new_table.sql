-- in_transaction: yes
CREATE TABLE order_totals (customer_id int PRIMARY KEY, total numeric NOT NULL);
INSERT INTO order_totals SELECT customer_id, sum(total) FROM orders GROUP BY customer_id;
