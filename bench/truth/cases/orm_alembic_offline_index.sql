-- in_transaction: no
BEGIN;

-- Running upgrade 91bc -> a7d0

CREATE INDEX ix_payments_paid_at ON billing.payments (paid_at);

ALTER TABLE billing.payments ADD COLUMN provider VARCHAR(30);

COMMIT;
