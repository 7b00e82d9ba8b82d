-- in_transaction: yes
DELETE FROM sessions;
