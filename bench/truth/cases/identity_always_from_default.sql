-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN id SET GENERATED ALWAYS;
