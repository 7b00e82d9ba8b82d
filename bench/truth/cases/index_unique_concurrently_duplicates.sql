-- in_transaction: no
-- One order per channel? There are three channels.
CREATE UNIQUE INDEX CONCURRENTLY orders_one_per_channel ON orders (channel);
