-- in_transaction: yes
DO $$ BEGIN
  CREATE TYPE shipment_state AS ENUM ('packed', 'sent');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
CREATE TABLE shipments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state shipment_state NOT NULL DEFAULT 'packed');
