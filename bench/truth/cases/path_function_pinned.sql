-- in_transaction: yes
ALTER FUNCTION customer_label(int) SET search_path = pg_catalog, public;
