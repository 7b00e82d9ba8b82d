-- What clients read and write: every table, view and materialized view but
-- partitions, which are reached through their parents, with the first column of
-- its primary key, the share of its pages that holds some thousand rows, and
-- the names by which a script reaches it: its own, those of its schema where it
-- is not the usual one, of its partitions and indexes, of the domains and enums of
-- its columns, and of the functions of its triggers.
SELECT c.oid::regclass::text AS relation,
       c.relkind IN ('r', 'p') AS writable,
       quote_ident(a.attname) AS key,
       format_type(a.atttypid, NULL) AS key_type,
       least(100, greatest(2, 200000 / greatest(c.reltuples, 1)))::float8 AS percent,
       ARRAY(
           SELECT c.relname::text
           UNION SELECT n.nspname::text WHERE n.nspname <> 'public'
           UNION SELECT h.inhrelid::regclass::text FROM pg_inherits AS h WHERE h.inhparent = c.oid
           UNION SELECT x.relname::text FROM pg_index AS y JOIN pg_class AS x ON x.oid = y.indexrelid WHERE y.indrelid = c.oid
           UNION SELECT t.typname::text
               FROM pg_attribute AS b JOIN pg_type AS t ON t.oid = b.atttypid
               WHERE b.attrelid = c.oid AND t.typtype IN ('d', 'e')
           UNION SELECT p.proname::text
               FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid
               WHERE g.tgrelid = c.oid AND NOT g.tgisinternal
       ) AS names
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
WHERE c.relkind IN ('r', 'p', 'm', 'v')
  AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_%'
  AND has_schema_privilege('app_rw', n.oid, 'USAGE')
  AND has_table_privilege('app_rw', c.oid, 'SELECT')
ORDER BY 1
