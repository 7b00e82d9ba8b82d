-- in_transaction: yes
UPDATE customers SET country_code = '??' WHERE id = 17;
