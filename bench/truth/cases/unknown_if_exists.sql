-- in_transaction: yes
ALTER TABLE IF EXISTS shipments ADD COLUMN weight int;
