-- in_transaction: yes
CREATE POLICY later ON customers FOR ALL TO app_rw USING (status = 'active');
