-- in_transaction: no
REFRESH MATERIALIZED VIEW CONCURRENTLY category_stock;
