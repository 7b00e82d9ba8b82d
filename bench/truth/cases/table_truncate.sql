-- in_transaction: yes
TRUNCATE sessions;
