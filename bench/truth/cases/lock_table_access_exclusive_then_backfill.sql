-- in_transaction: yes
LOCK TABLE customers IN ACCESS EXCLUSIVE MODE;
UPDATE customers SET score = coalesce(score, 0) + 1;
