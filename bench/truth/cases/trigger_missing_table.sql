-- in_transaction: yes
CREATE OR REPLACE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    INSERT INTO customer_history SELECT OLD.*;
    RETURN NEW;
END $$;
