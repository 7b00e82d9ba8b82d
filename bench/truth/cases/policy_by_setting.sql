-- in_transaction: yes
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON orders USING (customer_id = nullif(current_setting('app.customer', true), '')::int);
