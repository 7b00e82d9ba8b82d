-- in_transaction: yes
-- setup: ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
-- setup: CREATE POLICY all_plans ON plans USING (true);
ALTER TABLE plans DISABLE ROW LEVEL SECURITY;
DROP POLICY all_plans ON plans;
