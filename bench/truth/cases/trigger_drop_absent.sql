-- in_transaction: yes
DROP TRIGGER IF EXISTS customers_stamp ON customers;
