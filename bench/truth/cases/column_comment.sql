-- in_transaction: yes
COMMENT ON COLUMN orders.discount IS 'In the currency of the order; NULL where none was given.';
COMMENT ON TABLE orders IS 'One row per checkout';
