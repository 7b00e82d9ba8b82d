-- Tables for which autovacuum is switched off. $1: least number of rows.
SELECT format('%I.%I', n.nspname, c.relname) AS name, r.rows, count(*) OVER () AS total
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0) AS rows) r
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND r.rows >= $1::float8
  AND EXISTS (SELECT FROM pg_options_to_table(c.reloptions) o
              WHERE o.option_name = 'autovacuum_enabled' AND NOT o.option_value::boolean)
ORDER BY r.rows DESC, name LIMIT 100;
