-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN reference SET NOT NULL;
