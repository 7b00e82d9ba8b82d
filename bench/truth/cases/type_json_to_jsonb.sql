-- in_transaction: yes
ALTER TABLE products ALTER COLUMN attributes TYPE jsonb USING attributes::jsonb;
