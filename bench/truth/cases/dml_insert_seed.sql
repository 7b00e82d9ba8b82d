-- in_transaction: yes
INSERT INTO plans (id, code, price) VALUES (100, 'team', 49.00), (101, 'enterprise', 199.00) ON CONFLICT DO NOTHING;
INSERT INTO settings (key, value) VALUES ('feature.search', 'on');
