-- in_transaction: yes
ALTER SEQUENCE billing.invoice_number INCREMENT BY 1 CACHE 20;
