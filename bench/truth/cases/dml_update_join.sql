-- in_transaction: no
UPDATE orders AS o SET channel = 'web' FROM customers AS c WHERE c.id = o.customer_id AND c.status = 'active';
