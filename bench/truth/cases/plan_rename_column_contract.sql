-- in_transaction: yes
-- setup: ALTER TABLE products ADD COLUMN name_new text;
-- setup: UPDATE products SET name_new = name;
ALTER TABLE products DROP COLUMN name_new;
