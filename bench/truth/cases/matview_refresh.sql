-- in_transaction: no
REFRESH MATERIALIZED VIEW daily_sales;
