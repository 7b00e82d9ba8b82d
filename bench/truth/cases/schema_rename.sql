-- in_transaction: yes
ALTER SCHEMA billing RENAME TO finance;
