-- in_transaction: yes
DROP TABLE events_2023;
