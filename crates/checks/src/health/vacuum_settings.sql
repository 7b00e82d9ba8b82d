-- The settings that autovacuum works by.
SELECT max(s.reset_val) FILTER (WHERE s.name = 'autovacuum') AS autovacuum,
       max(s.reset_val) FILTER (WHERE s.name = 'track_counts') AS track_counts,
       max(s.reset_val) FILTER (WHERE s.name = 'autovacuum_naptime')::float8 AS naptime_s,
       max(s.reset_val) FILTER (WHERE s.name = 'autovacuum_max_workers')::float8 AS workers,
       max(s.reset_val) FILTER (WHERE s.name = 'autovacuum_vacuum_cost_delay')::float8 AS delay_ms,
       max(s.reset_val) FILTER (WHERE s.name = 'autovacuum_vacuum_cost_limit')::float8 AS own_limit,
       max(s.reset_val) FILTER (WHERE s.name = 'vacuum_cost_limit')::float8 AS limit
FROM pg_settings s;
