-- in_transaction: no
ALTER TABLE orders ADD CONSTRAINT reference_length CHECK (length(reference) <= 16) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT reference_length;
