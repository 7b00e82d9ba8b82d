-- in_transaction: no
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'payments_method_idx') THEN
        CREATE INDEX payments_method_idx ON billing.payments (method);
    END IF;
END
$$;
