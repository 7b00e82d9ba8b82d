-- in_transaction: no
BEGIN;
DELETE FROM plans;
DROP TABLE billing.invoices;
ROLLBACK;
