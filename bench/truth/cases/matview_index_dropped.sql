-- in_transaction: yes
DROP INDEX daily_sales_day;
REFRESH MATERIALIZED VIEW CONCURRENTLY daily_sales;
