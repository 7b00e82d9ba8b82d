-- in_transaction: yes
ALTER TABLE settings DROP CONSTRAINT settings_pkey;
