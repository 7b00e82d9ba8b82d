-- in_transaction: yes
ALTER TABLE metrics ALTER COLUMN value SET NOT NULL;
