-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN warehouse_id SET DEFAULT 'main';
