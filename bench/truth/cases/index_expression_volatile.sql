-- in_transaction: no
CREATE INDEX CONCURRENTLY sessions_age ON sessions ((now() - expires_at));
