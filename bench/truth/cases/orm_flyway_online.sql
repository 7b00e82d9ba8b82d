-- in_transaction: no
-- V42__orders_source.sql, executeInTransaction=false
SET lock_timeout = '4s';
ALTER TABLE orders ADD COLUMN IF NOT EXISTS source text;
ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_source_check;
ALTER TABLE orders ADD CONSTRAINT orders_source_check CHECK (source IN ('web', 'import')) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_source_check;
DROP INDEX CONCURRENTLY IF EXISTS orders_source_idx;
CREATE INDEX CONCURRENTLY orders_source_idx ON orders (source) WHERE source IS NOT NULL;
