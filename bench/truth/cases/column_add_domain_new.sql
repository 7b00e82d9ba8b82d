-- in_transaction: yes
CREATE DOMAIN short_text AS text;
ALTER TABLE products ADD COLUMN subtitle short_text;
