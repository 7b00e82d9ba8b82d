-- in_transaction: yes
ALTER TABLE products ADD COLUMN labels text[] NOT NULL DEFAULT '{}'::text[], ADD COLUMN meta jsonb NOT NULL DEFAULT '{}';
