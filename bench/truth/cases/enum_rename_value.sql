-- in_transaction: yes
ALTER TYPE order_status RENAME VALUE 'paid' TO 'settled';
