-- in_transaction: yes
ALTER TABLE customers ALTER COLUMN phone SET NOT NULL;
