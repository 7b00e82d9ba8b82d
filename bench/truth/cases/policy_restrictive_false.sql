-- in_transaction: yes
ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON plans USING (true) WITH CHECK (true);
CREATE POLICY nobody ON plans AS RESTRICTIVE FOR DELETE TO app_rw USING (false);
