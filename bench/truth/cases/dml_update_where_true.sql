-- in_transaction: yes
UPDATE customers SET score = 0 WHERE true;
