-- in_transaction: yes
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
