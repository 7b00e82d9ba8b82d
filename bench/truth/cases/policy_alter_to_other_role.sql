-- in_transaction: yes
-- setup: ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
-- setup: CREATE POLICY everybody ON plans USING (true) WITH CHECK (true);
ALTER POLICY everybody ON plans TO app_ro;
