-- in_transaction: yes
CREATE POLICY readers ON billing.invoices FOR SELECT TO app_ro, app_rw USING (true);
ALTER TABLE billing.invoices ENABLE ROW LEVEL SECURITY;
