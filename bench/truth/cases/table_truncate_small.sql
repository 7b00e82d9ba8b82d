-- in_transaction: yes
TRUNCATE TABLE settings RESTART IDENTITY;
