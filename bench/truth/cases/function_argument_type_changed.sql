-- in_transaction: yes
DROP FUNCTION customer_label(int);
CREATE FUNCTION customer_label(who text) RETURNS text LANGUAGE sql STABLE AS
    'SELECT name FROM customers WHERE email = who';
