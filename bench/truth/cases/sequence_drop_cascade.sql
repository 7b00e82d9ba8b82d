-- in_transaction: yes
DROP SEQUENCE billing.invoice_number CASCADE;
