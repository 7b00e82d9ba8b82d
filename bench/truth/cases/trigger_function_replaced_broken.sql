-- in_transaction: yes
CREATE OR REPLACE FUNCTION billing.log_payment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO billing.payment_log (payment, at) VALUES (NEW.id, now());
    RETURN NEW;
END $$;
