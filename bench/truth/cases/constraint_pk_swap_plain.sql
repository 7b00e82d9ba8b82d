-- in_transaction: yes
ALTER TABLE billing.invoices DROP CONSTRAINT invoices_pkey;
ALTER TABLE billing.invoices ADD CONSTRAINT invoices_pkey PRIMARY KEY (id);
