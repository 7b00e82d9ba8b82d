-- in_transaction: yes
-- setup: ALTER TABLE orders ADD CONSTRAINT channel_known CHECK (channel <> '');
ALTER TABLE orders ALTER COLUMN channel TYPE varchar(50);
