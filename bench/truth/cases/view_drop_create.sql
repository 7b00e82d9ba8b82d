-- in_transaction: yes
DROP VIEW order_summary;
CREATE VIEW order_summary AS
    SELECT o.id, o.total, o.status, c.email, c.name FROM orders o JOIN customers c ON c.id = o.customer_id;
