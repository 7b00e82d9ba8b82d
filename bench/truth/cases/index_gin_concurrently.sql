-- in_transaction: no
CREATE INDEX CONCURRENTLY customers_profile_gin ON customers USING gin (profile jsonb_path_ops);
