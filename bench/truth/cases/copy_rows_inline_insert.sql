-- in_transaction: yes
INSERT INTO settings (key, value) VALUES ('a', '1'), ('b', '2'), ('c', '3') ON CONFLICT (key) DO NOTHING;
