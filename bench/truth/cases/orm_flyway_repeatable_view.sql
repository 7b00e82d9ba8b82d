-- in_transaction: yes
CREATE OR REPLACE VIEW order_summary AS
    SELECT o.id, o.total, o.status, c.email
    FROM orders AS o
    JOIN customers AS c ON c.id = o.customer_id
    WHERE o.total >= 0;
COMMENT ON VIEW order_summary IS 'Orders with the address of their customer';
