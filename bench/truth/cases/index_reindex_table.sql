-- in_transaction: no
REINDEX TABLE orders;
