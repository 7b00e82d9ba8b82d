-- howdah watch: when the counters of statements began. --since 14
SELECT 'reset' AS kind, 'counters of statements' AS name, --since 14
       to_char(i.stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS value --since 14
FROM {statements}.pg_stat_statements_info i; --since 14
