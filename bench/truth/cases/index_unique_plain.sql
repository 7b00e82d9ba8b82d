-- in_transaction: yes
CREATE UNIQUE INDEX customers_phone_key ON customers (phone);
