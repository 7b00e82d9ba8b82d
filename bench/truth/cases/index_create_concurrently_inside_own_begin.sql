-- in_transaction: no
BEGIN;
CREATE INDEX CONCURRENTLY idx_sessions_customer ON sessions (customer_id);
COMMIT;
