-- in_transaction: yes
ALTER FUNCTION customer_label(int) RENAME TO label_of_customer;
