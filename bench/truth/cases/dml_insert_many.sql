-- in_transaction: yes
INSERT INTO products (id, sku, name, category, price) SELECT 3000000 + g, 'new-' || g, 'New ' || g, 'category 1', 1 FROM generate_series(1, 500) AS g;
