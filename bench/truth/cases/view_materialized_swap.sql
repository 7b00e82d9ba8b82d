-- in_transaction: no
CREATE MATERIALIZED VIEW category_stock_new AS SELECT category, sum(stock) AS stock FROM products GROUP BY category;
GRANT SELECT ON category_stock_new TO app_ro, app_rw;
BEGIN;
ALTER MATERIALIZED VIEW category_stock RENAME TO category_stock_old;
ALTER MATERIALIZED VIEW category_stock_new RENAME TO category_stock;
COMMIT;
DROP MATERIALIZED VIEW category_stock_old;
