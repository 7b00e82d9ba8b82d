-- in_transaction: yes
SET session_replication_role = replica;
INSERT INTO settings (key, value) VALUES ('loaded', 'yes');
