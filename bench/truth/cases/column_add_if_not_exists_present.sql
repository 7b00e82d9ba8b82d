-- in_transaction: yes
ALTER TABLE customers ADD COLUMN IF NOT EXISTS phone varchar(20) NOT NULL DEFAULT gen_random_uuid()::text;
