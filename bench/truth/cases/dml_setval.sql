-- in_transaction: yes
SELECT setval('billing.invoice_number', (SELECT coalesce(max(number), 0) + 1000 FROM billing.invoices));
