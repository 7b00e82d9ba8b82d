-- in_transaction: yes
ALTER TABLE billing.invoices ADD COLUMN due positive_amount;
