-- What a new session of this role in this database has.
SELECT s.reset_val::float8 AS ms FROM pg_settings s WHERE s.name = 'lock_timeout';
