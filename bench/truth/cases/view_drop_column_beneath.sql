-- in_transaction: yes
DROP VIEW order_summary;
CREATE VIEW order_summary AS SELECT o.id, o.total, c.email FROM orders o JOIN customers c ON c.id = o.customer_id;
GRANT SELECT ON order_summary TO app_ro, app_rw;
