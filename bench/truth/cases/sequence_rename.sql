-- in_transaction: yes
ALTER SEQUENCE billing.invoice_number RENAME TO invoice_numbers;
