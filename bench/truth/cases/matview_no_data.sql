-- in_transaction: yes
CREATE MATERIALIZED VIEW busy_days AS SELECT day FROM daily_sales WHERE orders > 10 WITH NO DATA;
