-- in_transaction: yes
UPDATE customers SET login = NULL WHERE id = 17;
