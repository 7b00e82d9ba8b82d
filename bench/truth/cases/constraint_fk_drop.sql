-- in_transaction: yes
ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey;
