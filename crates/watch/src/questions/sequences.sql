-- howdah watch: how much of the sequences is used, of those where it is much.
SELECT 'sequence.' || format('%I.%I', s.schemaname, s.sequencename) || '.used_percent' AS name,
       round(100.0 * (s.last_value - s.min_value) / nullif(s.max_value::numeric - s.min_value, 0), 4)::float8 AS value, false AS counts
FROM pg_sequences s
WHERE NOT s.cycle AND s.increment_by > 0 AND s.last_value IS NOT NULL
ORDER BY 2 DESC LIMIT 50;
