-- in_transaction: yes
LOCK TABLE customers IN ACCESS EXCLUSIVE MODE NOWAIT;
ALTER TABLE customers ADD COLUMN nickname text;
