-- in_transaction: yes
ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON plans FOR SELECT USING (true);
CREATE POLICY adders ON plans FOR INSERT WITH CHECK (true);
CREATE POLICY changers ON plans FOR UPDATE USING (true) WITH CHECK (true);
CREATE POLICY droppers ON plans FOR DELETE USING (true);
