-- in_transaction: yes
CREATE TYPE order_channel AS ENUM ('web', 'app', 'shop');
ALTER TABLE orders ALTER COLUMN channel TYPE order_channel USING channel::order_channel;
