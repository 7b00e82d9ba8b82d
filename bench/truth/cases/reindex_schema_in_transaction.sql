-- in_transaction: yes
REINDEX TABLE CONCURRENTLY customers;
