-- in_transaction: no
MERGE INTO products AS p
USING (SELECT product_id, sum(quantity) AS sold FROM order_items GROUP BY product_id) AS s
ON s.product_id = p.id
WHEN MATCHED THEN UPDATE SET stock = greatest(0, p.stock - s.sold);
