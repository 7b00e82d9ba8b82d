-- in_transaction: yes
SAVEPOINT one;
ALTER TABLE plans ADD COLUMN trial_days int;
RELEASE SAVEPOINT one;
