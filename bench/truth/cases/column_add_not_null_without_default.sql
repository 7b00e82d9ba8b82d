-- in_transaction: yes
ALTER TABLE orders ADD COLUMN tenant_id int NOT NULL;
