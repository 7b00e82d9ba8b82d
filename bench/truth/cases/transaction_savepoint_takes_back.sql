-- in_transaction: no
BEGIN;
SAVEPOINT before_drop;
DROP TABLE billing.invoices;
ROLLBACK TO SAVEPOINT before_drop;
UPDATE plans SET note = 'kept' WHERE id = 1;
COMMIT;
