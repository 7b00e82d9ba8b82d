-- in_transaction: yes
ALTER TABLE customers ADD COLUMN vat_number text UNIQUE;
