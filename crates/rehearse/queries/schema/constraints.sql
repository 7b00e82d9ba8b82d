-- Constraints, indexes and extended statistics. Those that a partition has of
-- its parent are built by themselves and attached, as the names are its own.
WITH relations AS (
  SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
     AND NOT EXISTS (SELECT FROM pg_depend AS d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
)
SELECT 'pg_constraint', c.oid, CASE c.contype WHEN 'f' THEN 70 WHEN 'c' THEN 50 WHEN 'n' THEN 50 ELSE 60 END,
       format('constraint %I of %s', c.conname, r.name),
       concat_ws(E';\n',
         format('ALTER TABLE %s%s ADD CONSTRAINT %I %s',
                CASE WHEN c.contype IN ('p', 'u', 'x') THEN 'ONLY ' ELSE '' END, r.name, c.conname,
                pg_get_constraintdef(c.oid)),
         CASE WHEN c.contype IN ('p', 'u', 'x') AND i.indisclustered
              THEN format('ALTER TABLE %s CLUSTER ON %I', r.name, c.conname) END), NULL
  FROM pg_constraint AS c
  JOIN relations AS r ON r.oid = c.conrelid
  LEFT JOIN pg_index AS i ON i.indexrelid = c.conindid AND i.indrelid = c.conrelid
 WHERE c.contype IN ('p', 'u', 'x')
    OR c.contype = 'f' AND c.conparentid = 0
    OR c.contype = 'c' AND c.coninhcount = 0
    OR c.contype = 'n' AND NOT c.convalidated AND c.coninhcount = 0
UNION ALL
SELECT 'pg_class', i.indexrelid, 60, format('index %s', x.name),
       concat_ws(E';\n', pg_get_indexdef(i.indexrelid),
                 CASE WHEN i.indisclustered THEN format('ALTER TABLE %s CLUSTER ON %I', r.name, x.relname) END), NULL
  FROM pg_index AS i
  JOIN relations AS r ON r.oid = i.indrelid AND r.relkind IN ('r', 'p', 'm')
  JOIN relations AS x ON x.oid = i.indexrelid
 WHERE NOT EXISTS (SELECT FROM pg_constraint AS c
                    WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'index attach', x.oid, 65, format('parent of index %s', x.name),
       format('ALTER INDEX %s ATTACH PARTITION %s', p.name, x.name), NULL
  FROM pg_inherits AS h
  JOIN relations AS x ON x.oid = h.inhrelid AND x.relkind IN ('i', 'I')
  JOIN relations AS p ON p.oid = h.inhparent
UNION ALL
SELECT 'pg_statistic_ext', s.oid, 75, format('statistics %I.%I', n.nspname, s.stxname),
       concat_ws(E';\n', pg_get_statisticsobjdef(s.oid),
                 CASE WHEN coalesce(s.stxstattarget, -1) >= 0
                      THEN format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget) END), NULL
  FROM pg_statistic_ext AS s
  JOIN pg_namespace AS n ON n.oid = s.stxnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';
