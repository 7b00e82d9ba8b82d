-- in_transaction: yes
ALTER TABLE orders REPLICA IDENTITY FULL;
