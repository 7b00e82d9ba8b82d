-- in_transaction: yes
CREATE TABLE products_new (LIKE products INCLUDING ALL);
INSERT INTO products_new SELECT * FROM products;
DROP MATERIALIZED VIEW category_stock;
ALTER TABLE products RENAME TO products_old;
ALTER TABLE products_new RENAME TO products;
