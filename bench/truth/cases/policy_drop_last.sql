-- in_transaction: yes
-- setup: ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
-- setup: CREATE POLICY all_plans ON plans USING (true);
DROP POLICY all_plans ON plans;
