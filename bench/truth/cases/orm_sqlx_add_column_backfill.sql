-- in_transaction: yes
-- Add migration script here
ALTER TABLE billing.invoices ADD COLUMN paid boolean;
UPDATE billing.invoices SET paid = true;
ALTER TABLE billing.invoices ALTER COLUMN paid SET NOT NULL;
