-- in_transaction: no
BEGIN;

ALTER TABLE billing.payments ADD COLUMN provider VARCHAR(30);

COMMIT;

CREATE INDEX CONCURRENTLY ix_payments_provider ON billing.payments (provider);

BEGIN;

UPDATE settings SET value='a7d1' WHERE settings.key = 'theme';

COMMIT;
