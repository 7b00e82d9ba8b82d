-- in_transaction: yes
TRUNCATE countries;
