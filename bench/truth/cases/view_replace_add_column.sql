-- in_transaction: yes
CREATE OR REPLACE VIEW active_customers AS
    SELECT id, email, name, country_code, status, score FROM customers WHERE deleted_at IS NULL;
