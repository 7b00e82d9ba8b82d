-- in_transaction: yes
DELETE FROM settings;
