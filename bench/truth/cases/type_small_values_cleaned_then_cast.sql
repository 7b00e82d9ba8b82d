-- in_transaction: yes
UPDATE plans SET note = '0' WHERE true;
ALTER TABLE plans ALTER COLUMN note TYPE int USING note::int;
