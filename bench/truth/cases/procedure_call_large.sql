-- in_transaction: no
CREATE PROCEDURE touch_customers() LANGUAGE sql AS $$ UPDATE customers SET score = 0 WHERE score IS NULL OR score <> 0 $$;
CALL touch_customers();
