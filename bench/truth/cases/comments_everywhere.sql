-- in_transaction: yes
COMMENT ON TABLE orders IS 'What customers ordered';
COMMENT ON COLUMN orders.note IS 'Free text';
COMMENT ON INDEX orders_customer IS 'For the list of a customer';
SECURITY LABEL ON TABLE orders IS NULL;
