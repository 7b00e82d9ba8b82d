-- in_transaction: no
VACUUM FULL plans;
