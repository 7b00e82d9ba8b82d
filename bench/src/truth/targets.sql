-- What clients read and write: every table and materialized view but
-- partitions, which are reached through their parents, with the first column of
-- its primary key and the share of its pages that holds some thousand rows.
SELECT c.oid::regclass::text AS relation,
       c.relkind <> 'm' AS writable,
       quote_ident(a.attname) AS key,
       format_type(a.atttypid, NULL) AS key_type,
       least(100, greatest(2, 200000 / greatest(c.reltuples, 1)))::float8 AS percent
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
WHERE c.relkind IN ('r', 'p', 'm')
  AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_%'
  AND has_schema_privilege('app_rw', n.oid, 'USAGE')
  AND has_table_privilege('app_rw', c.oid, 'SELECT')
ORDER BY 1
