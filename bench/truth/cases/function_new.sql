-- in_transaction: yes
CREATE FUNCTION order_count(who int) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM orders WHERE customer_id = who $$;
