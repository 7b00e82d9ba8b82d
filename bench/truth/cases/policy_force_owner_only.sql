-- in_transaction: yes
ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_plans ON plans TO app_ro USING (true);
