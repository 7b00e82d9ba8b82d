-- Tables far beyond the number of dead tuples at which autovacuum should have begun.
-- $1: how many times that number, $2: least number of dead tuples.
SELECT format('%I.%I', n.nspname, c.relname) AS name, s.dead, o.due,
       extract(epoch FROM clock_timestamp() - pg_stat_get_last_autovacuum_time(c.oid))::bigint AS vacuumed_s,
       (SELECT count(*) FROM pg_stat_progress_vacuum) AS running,
       current_setting('autovacuum_max_workers') AS workers,
       current_setting('autovacuum') AS autovacuum,
       count(*) OVER () AS total
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_stat_get_dead_tuples(c.oid) AS dead) s
CROSS JOIN LATERAL (
    SELECT max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_enabled') AS enabled,
           max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_threshold') AS threshold,
           max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_scale_factor') AS scale
    FROM pg_options_to_table(c.reloptions) o) own
CROSS JOIN LATERAL (
    SELECT coalesce(own.threshold, current_setting('autovacuum_vacuum_threshold'))::float8
         + coalesce(own.scale, current_setting('autovacuum_vacuum_scale_factor'))::float8 * greatest(c.reltuples, 0) AS due) o
WHERE c.relkind IN ('r', 'm', 't') AND s.dead >= $2::float8 AND s.dead >= $1::float8 * o.due
  AND coalesce(own.enabled::boolean, true)
ORDER BY s.dead / greatest(o.due, 1) DESC, name LIMIT 100;
