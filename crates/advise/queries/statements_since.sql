-- Since when pg_stat_statements counts, and how often it threw statements out for others (PostgreSQL 14 on).
SELECT extract(epoch FROM now() - i.stats_reset) / 3600, i.dealloc, to_char(i.stats_reset, 'YYYY-MM-DD HH24:MI TZ')
FROM {schema}.pg_stat_statements_info i
