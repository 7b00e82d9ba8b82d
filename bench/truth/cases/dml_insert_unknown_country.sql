-- in_transaction: yes
INSERT INTO customers (email, login, country_code) VALUES ('x@example.com', 'x', '??');
