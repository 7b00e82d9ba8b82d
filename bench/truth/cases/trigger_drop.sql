-- in_transaction: yes
DROP TRIGGER customers_touch ON customers;
