-- in_transaction: no
BEGIN;
--
-- Alter field channel on order
--
ALTER TABLE "orders" ALTER COLUMN "channel" TYPE varchar(40) USING "channel"::varchar(40);
COMMIT;
