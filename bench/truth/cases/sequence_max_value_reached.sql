-- in_transaction: yes
ALTER SEQUENCE billing.invoice_number MAXVALUE 100000000 RESTART WITH 100000000;
SELECT nextval('billing.invoice_number');
