-- in_transaction: yes
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN gift_for int REFERENCES customers (id);
