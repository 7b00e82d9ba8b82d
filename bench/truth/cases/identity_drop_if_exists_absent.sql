-- in_transaction: yes
ALTER TABLE plans ALTER COLUMN id DROP IDENTITY IF EXISTS;
