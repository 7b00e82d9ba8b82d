-- in_transaction: yes
CREATE OR REPLACE VIEW active_customers AS
    SELECT DISTINCT id, email, name, country_code, status FROM customers WHERE deleted_at IS NULL;
