-- in_transaction: no
SET statement_timeout = '3ms';
SELECT count(*) FROM orders o JOIN order_items i ON i.order_id = o.id JOIN billing.payments p ON p.order_id = o.id;
