-- howdah watch: reads and writes by kind of process. --since 16
SELECT 'io.' || replace(i.backend_type, ' ', '_') || '.' || v.name AS name, sum(v.value)::float8 AS value, true AS counts --since 16
FROM pg_stat_io i, --since 16
     LATERAL (VALUES ('reads', i.reads), ('writes', i.writes), ('extends', i.extends), ('fsyncs', i.fsyncs)) v (name, value) --since 16
GROUP BY i.backend_type, v.name HAVING sum(v.value) > 0; --since 16
