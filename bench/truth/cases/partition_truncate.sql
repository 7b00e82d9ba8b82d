-- in_transaction: yes
TRUNCATE metrics_2023;
