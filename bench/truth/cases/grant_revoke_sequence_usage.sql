-- in_transaction: yes
REVOKE USAGE ON SEQUENCE billing.invoice_number FROM app_rw;
