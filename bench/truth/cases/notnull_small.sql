-- in_transaction: yes
UPDATE settings SET value = '' WHERE value IS NULL;
ALTER TABLE settings ALTER COLUMN value SET NOT NULL;
