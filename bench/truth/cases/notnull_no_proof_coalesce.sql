-- in_transaction: yes
-- setup: ALTER TABLE customers ADD CONSTRAINT phone_set CHECK (coalesce(phone, '') <> '');
ALTER TABLE customers ALTER COLUMN phone SET NOT NULL;
