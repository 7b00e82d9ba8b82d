-- in_transaction: no
VACUUM (ANALYZE) order_items;
ANALYZE orders;
