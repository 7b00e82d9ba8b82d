-- in_transaction: no
REFRESH MATERIALIZED VIEW CONCURRENTLY daily_sales;
