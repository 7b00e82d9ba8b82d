-- in_transaction: no
DROP INDEX customers_email_key;
