-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN external_ref TYPE int;
