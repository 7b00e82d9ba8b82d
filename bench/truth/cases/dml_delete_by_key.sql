-- in_transaction: yes
DELETE FROM billing.invoices WHERE id = 777;
