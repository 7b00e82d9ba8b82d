-- in_transaction: no
INSERT INTO orders (customer_id, total, reference, channel) VALUES (17, 10, 'seed-1', 'web'), (18, 12.5, 'seed-2', 'web');
INSERT INTO customers (email, login, country_code) VALUES ('demo@example.com', 'demo', 'AB') ON CONFLICT (email) DO NOTHING;
