-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN discount SET NOT NULL;
