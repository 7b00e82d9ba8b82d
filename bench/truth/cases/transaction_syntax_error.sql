-- in_transaction: yes
ALTER TABLE orders ADD COLUM flag boolean;
