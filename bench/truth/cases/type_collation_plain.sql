-- in_transaction: yes
ALTER TABLE products ALTER COLUMN description TYPE text COLLATE "C";
