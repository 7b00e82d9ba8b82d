-- in_transaction: yes
-- V43__orders_source.sql
ALTER TABLE orders ADD COLUMN source text;
UPDATE orders SET source = 'web' WHERE channel = 'web';
ALTER TABLE orders ADD CONSTRAINT orders_source_check CHECK (source IN ('web', 'import'));
