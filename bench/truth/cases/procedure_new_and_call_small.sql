-- in_transaction: no
CREATE PROCEDURE raise_plans(by numeric) LANGUAGE sql AS $$ UPDATE plans SET price = price + by $$;
CALL raise_plans(1);
DROP PROCEDURE raise_plans(numeric);
