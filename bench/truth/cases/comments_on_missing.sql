-- in_transaction: yes
COMMENT ON COLUMN orders.colour IS 'There is none';
