-- in_transaction: yes
VACUUM ANALYZE orders;
