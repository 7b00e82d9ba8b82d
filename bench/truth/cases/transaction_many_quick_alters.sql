-- in_transaction: yes
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN a1 int;
ALTER TABLE orders ADD COLUMN a2 text DEFAULT 'x';
ALTER TABLE customers ADD COLUMN a3 boolean NOT NULL DEFAULT true;
ALTER TABLE products ALTER COLUMN stock SET DEFAULT 1;
