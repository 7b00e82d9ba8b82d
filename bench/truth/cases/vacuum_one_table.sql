-- in_transaction: no
VACUUM (ANALYZE) customers;
ANALYZE orders;
