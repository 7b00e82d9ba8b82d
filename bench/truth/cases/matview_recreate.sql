-- in_transaction: yes
DROP MATERIALIZED VIEW category_stock;
CREATE MATERIALIZED VIEW category_stock AS SELECT category, sum(stock) AS stock, count(*) AS products FROM products GROUP BY category;
GRANT SELECT ON category_stock TO app_ro, app_rw;
