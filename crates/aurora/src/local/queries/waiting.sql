-- The parameters that were set and are in force with the next restart.
SELECT name
  FROM pg_catalog.pg_settings
 WHERE pending_restart
 ORDER BY name
