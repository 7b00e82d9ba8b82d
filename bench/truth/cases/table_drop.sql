-- in_transaction: yes
DROP TABLE sessions;
