-- in_transaction: no
ALTER DOMAIN positive_amount ADD CONSTRAINT positive_amount_max CHECK (VALUE < 1000000) NOT VALID;
ALTER DOMAIN positive_amount VALIDATE CONSTRAINT positive_amount_max;
