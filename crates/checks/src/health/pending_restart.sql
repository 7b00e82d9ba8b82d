-- Settings that the configuration has changed and that take a restart.
SELECT s.name, s.setting AS value, s.unit FROM pg_settings s WHERE s.pending_restart ORDER BY s.name LIMIT 100;
