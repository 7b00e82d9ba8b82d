-- in_transaction: yes
CREATE OR REPLACE VIEW active_customers AS
    SELECT id, email, name::text, country_code, status FROM customers WHERE deleted_at IS NULL;
