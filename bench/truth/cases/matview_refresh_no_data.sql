-- in_transaction: yes
REFRESH MATERIALIZED VIEW category_stock WITH NO DATA;
