-- in_transaction: no
ALTER TABLE orders ADD COLUMN approved_by int;
CREATE INDEX CONCURRENTLY orders_approved ON orders (approved_by);
ALTER TABLE orders ADD CONSTRAINT orders_approved_fk FOREIGN KEY (approved_by) REFERENCES staff (id) NOT VALID;
