-- in_transaction: yes
-- setup: CREATE INDEX customers_created ON customers (created_at);
SET LOCAL TimeZone TO 'UTC';
ALTER TABLE customers ALTER COLUMN created_at TYPE timestamp with time zone;
