-- in_transaction: yes
ALTER TABLE products ALTER COLUMN category TYPE text COLLATE "C";
