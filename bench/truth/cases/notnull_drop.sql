-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN reference DROP NOT NULL;
