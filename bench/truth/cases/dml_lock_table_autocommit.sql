-- in_transaction: no
LOCK TABLE orders IN SHARE MODE;
