-- in_transaction: no
UPDATE orders SET currency = upper(currency);
