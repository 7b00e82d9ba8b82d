-- in_transaction: yes
CREATE SEQUENCE billing.invoice_number_v2 START 1000000;
GRANT USAGE ON SEQUENCE billing.invoice_number_v2 TO app_rw;
ALTER TABLE billing.invoices ALTER COLUMN number SET DEFAULT nextval('billing.invoice_number_v2');
