-- in_transaction: yes
SET session_replication_role = replica;
UPDATE customers SET score = 3 WHERE id = 3;
