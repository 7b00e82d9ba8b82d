-- in_transaction: yes
ALTER TABLE sessions SET UNLOGGED;
