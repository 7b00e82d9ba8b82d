-- in_transaction: yes
ALTER VIEW active_customers SET (check_option = 'local');
