-- in_transaction: yes
ALTER TABLE customers DROP COLUMN IF EXISTS fax;
