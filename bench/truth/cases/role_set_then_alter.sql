-- in_transaction: yes
SET ROLE app_ro;
ALTER TABLE orders ADD COLUMN seen boolean;
