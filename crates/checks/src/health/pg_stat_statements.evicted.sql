-- How often room had to be made for other statements, since the counters began.
SELECT i.dealloc AS times, extract(epoch FROM clock_timestamp() - i.stats_reset) AS counted_s,
       current_setting('pg_stat_statements.max')::float8 AS room
FROM {pg_stat_statements}.pg_stat_statements_info i;
