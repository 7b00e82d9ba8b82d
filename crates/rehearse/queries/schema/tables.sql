-- Tables with their columns and what is set on these; sequences; defaults;
-- inheritance and partitions as they are attached. A foreign table becomes a table.
WITH relations AS (
  SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
     AND c.relkind IN ('r', 'p', 'f', 'S', 'v', 'm')
     AND NOT EXISTS (SELECT FROM pg_depend AS d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), sequences AS (
  SELECT q.seqrelid, format('AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s',
                            format_type(q.seqtypid, NULL), q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache,
                            CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END) AS options
    FROM pg_sequence AS q
), identities AS (
  SELECT d.refobjid AS relid, d.refobjsubid AS attnum,
         format('(SEQUENCE NAME %s %s)', s.name, substr(q.options, strpos(q.options, 'INCREMENT'))) AS options
    FROM relations AS s
    JOIN sequences AS q ON q.seqrelid = s.oid
    JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype = 'i'
                       AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
), columns AS (
  SELECT a.attrelid, a.attnum, a.attname,
         format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attcollation <> t.typcollation
                     THEN (SELECT format(' COLLATE %I.%I', cn.nspname, c.collname)
                             FROM pg_collation AS c JOIN pg_namespace AS cn ON cn.oid = c.collnamespace
                            WHERE c.oid = a.attcollation) ELSE '' END,
                CASE WHEN a.attgenerated <> ''
                     THEN format(' GENERATED ALWAYS AS (%s) %s', pg_get_expr(d.adbin, d.adrelid),
                                 CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
                     WHEN a.attidentity <> '' AND NOT r.relispartition
                     THEN format(' GENERATED %s AS IDENTITY %s',
                                 CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, i.options)
                     ELSE '' END,
                CASE WHEN a.attnotnull AND (nn.oid IS NULL OR nn.convalidated)
                     THEN coalesce(' CONSTRAINT ' || quote_ident(nn.conname), '') || ' NOT NULL'
                          || CASE WHEN nn.connoinherit THEN ' NO INHERIT' ELSE '' END
                     ELSE '' END) AS definition,
         concat_ws(E';\n',
           CASE WHEN a.attstorage <> t.typstorage
                THEN format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STORAGE %s', r.name, a.attname,
                            CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
                                              WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END) END,
           CASE WHEN to_jsonb(a) ->> 'attcompression' IN ('p', 'l')
                THEN format('ALTER TABLE ONLY %s ALTER COLUMN %I SET COMPRESSION %s', r.name, a.attname,
                            CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN 'pglz' ELSE 'lz4' END) END,
           CASE WHEN coalesce(a.attstattarget, -1) >= 0
                THEN format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STATISTICS %s', r.name, a.attname,
                            a.attstattarget) END,
           -- Without what the server itself notes there (since 15.20 and its like).
           (SELECT format('ALTER TABLE ONLY %s ALTER COLUMN %I SET (%s)', r.name, a.attname, string_agg(o, ', '))
            FROM unnest(a.attoptions) AS o WHERE o NOT LIKE 'pg\_attver=%' HAVING count(*) > 0)) AS settings
    FROM relations AS r
    JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN identities AS i ON i.relid = a.attrelid AND i.attnum = a.attnum
    LEFT JOIN pg_constraint AS nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey = ARRAY[a.attnum]
   WHERE r.relkind IN ('r', 'p', 'f')
)
SELECT 'pg_class', r.oid, 20, format('table %s', r.name),
       concat_ws(E';\n',
         format('CREATE %sTABLE %s (%s)%s%s%s',
                CASE WHEN r.relpersistence = 'u' THEN 'UNLOGGED ' ELSE '' END, r.name,
                (SELECT string_agg(c.definition, ', ' ORDER BY c.attnum) FROM columns AS c WHERE c.attrelid = r.oid),
                CASE WHEN r.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(r.oid) ELSE '' END,
                (SELECT format(' USING %I', am.amname) FROM pg_am AS am WHERE am.oid = r.relam AND am.amname <> 'heap'),
                (SELECT format(' WITH (%s)', string_agg(format('%s=%L', split_part(o, '=', 1),
                                                              substr(o, strpos(o, '=') + 1)), ', '))
                   FROM (SELECT unnest(r.reloptions)
                         UNION ALL
                         SELECT 'toast.' || unnest(x.reloptions) FROM pg_class AS x WHERE x.oid = r.reltoastrelid) AS x(o)
                 HAVING count(*) > 0)),
         (SELECT string_agg(nullif(c.settings, ''), E';\n' ORDER BY c.attnum) FROM columns AS c WHERE c.attrelid = r.oid)),
       CASE r.relkind WHEN 'f' THEN 'a foreign table: a plain one stands in' END
  FROM relations AS r
 WHERE r.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'pg_class', r.oid, 15, format('sequence %s', r.name), format('CREATE SEQUENCE %s %s', r.name, q.options), NULL
  FROM relations AS r
  JOIN sequences AS q ON q.seqrelid = r.oid
 WHERE NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'i')
UNION ALL
SELECT 'owned by', r.oid, 80, format('owner of sequence %s', r.name),
       format('ALTER SEQUENCE %s OWNED BY %s.%I', r.name, t.name, a.attname), NULL
  FROM relations AS r
  JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'a'
                     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
  JOIN relations AS t ON t.oid = d.refobjid
  JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
 WHERE r.relkind = 'S'
UNION ALL
SELECT 'pg_attrdef', d.oid, 40, format('default of %s.%I', r.name, a.attname),
       format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s', r.name, a.attname, pg_get_expr(d.adbin, d.adrelid)),
       NULL
  FROM relations AS r
  JOIN pg_attrdef AS d ON d.adrelid = r.oid
  JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = d.adnum
 WHERE a.attgenerated = ''
UNION ALL
SELECT 'attach', r.oid, 25, format('parent of %s', r.name),
       CASE WHEN r.relispartition
            THEN string_agg(format('ALTER TABLE ONLY %s ATTACH PARTITION %s %s', p.name, r.name,
                                   pg_get_expr(r.relpartbound, r.oid)), E';\n')
            ELSE string_agg(format('ALTER TABLE ONLY %s INHERIT %s', r.name, p.name), E';\n' ORDER BY i.inhseqno) END,
       NULL
  FROM relations AS r
  JOIN pg_inherits AS i ON i.inhrelid = r.oid
  JOIN relations AS p ON p.oid = i.inhparent
 GROUP BY r.oid, r.name, r.relispartition
UNION ALL
SELECT 'identity', r.oid, 85, format('replica identity of %s', r.name),
       CASE r.relreplident
       WHEN 'i' THEN (SELECT format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', r.name, x.relname)
                        FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid
                       WHERE i.indrelid = r.oid AND i.indisreplident)
       ELSE format('ALTER TABLE ONLY %s REPLICA IDENTITY %s', r.name,
                   CASE r.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END) END, NULL
  FROM relations AS r
 WHERE r.relkind IN ('r', 'p') AND r.relreplident <> 'd'
UNION ALL
SELECT 'security', r.oid, 90, format('row security of %s', r.name),
       concat_ws(E';\n', CASE WHEN r.relrowsecurity THEN format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', r.name) END,
                 CASE WHEN r.relforcerowsecurity THEN format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', r.name) END), NULL
  FROM relations AS r
 WHERE r.relrowsecurity OR r.relforcerowsecurity;
