-- The timeouts that a new session of this role in this database would have.
SELECT s.name, s.reset_val::float8 AS ms
FROM pg_settings s
WHERE s.name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')
ORDER BY s.name;
