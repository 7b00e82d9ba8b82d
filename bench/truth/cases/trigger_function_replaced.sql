-- in_transaction: yes
CREATE OR REPLACE FUNCTION billing.log_payment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO billing.payment_log (payment_id, at) VALUES (NEW.id, clock_timestamp());
    RETURN NEW;
END $$;
