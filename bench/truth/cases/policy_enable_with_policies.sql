-- in_transaction: yes
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON sessions USING (true) WITH CHECK (true);
