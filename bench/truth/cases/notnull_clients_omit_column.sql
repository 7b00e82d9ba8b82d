-- in_transaction: no
-- Nobody leaves the note out, do they?
UPDATE plans SET note = '' WHERE note IS NULL;
ALTER TABLE plans ALTER COLUMN note SET NOT NULL;
