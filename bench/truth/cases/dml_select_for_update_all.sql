-- in_transaction: yes
SELECT id FROM customers FOR UPDATE;
INSERT INTO settings (key, value) VALUES ('customers.locked', 'once');
