-- in_transaction: no
INSERT INTO products (id, sku, name, category, price)
SELECT id, sku, name, category, price * 1.1 FROM products
ON CONFLICT (id) DO UPDATE SET price = excluded.price;
