-- in_transaction: yes
UPDATE customers SET country_code = 'AC' WHERE id = 17;
