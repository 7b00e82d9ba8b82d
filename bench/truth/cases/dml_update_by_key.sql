-- in_transaction: yes
UPDATE customers SET status = 'inactive', deleted_at = now() WHERE id = 4242;
UPDATE orders SET note = 'corrected' WHERE id IN (11, 12, 13);
