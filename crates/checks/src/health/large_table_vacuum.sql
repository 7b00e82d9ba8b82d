-- Large tables to which autovacuum comes by the share that suits small ones. $1: least size in MiB, $2: largest share.
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relpages::bigint * current_setting('block_size')::bigint AS bytes,
       c.reltuples AS rows, o.scale, count(*) OVER () AS total
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT o.option_value FROM pg_options_to_table(c.reloptions) o
                     WHERE o.option_name = 'autovacuum_vacuum_scale_factor'),
                    current_setting('autovacuum_vacuum_scale_factor'))::float8 AS scale) o
WHERE c.relkind = 'r' AND c.relpages::float8 * current_setting('block_size')::int >= $1::float8 * 1048576
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND o.scale > $2::float8
  -- From 18 on a number for all tables may come before the share.
  AND coalesce(nullif(current_setting('autovacuum_vacuum_max_threshold', true)::float8, -1), 'infinity') >= o.scale * c.reltuples
ORDER BY c.relpages DESC, name LIMIT 100;
