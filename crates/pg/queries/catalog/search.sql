-- Objects whose name or comment is like a pattern, the best first.
-- COLLATE "C" is replaced by COLLATE "default" for patterns beyond ASCII, whose
-- letter case it does not know: it is several times as fast.
-- $1: pattern of a name (LIKE), in lower case as all patterns. $2 and $3: where the pattern has a
-- dot, those of the container and of the name in it, else null. $4: pattern of a
-- comment, or null. $5: kinds, or null for all. $6: the system's own too.
-- $7: the plain text that was looked for, in lower case. $8: how many at most.
WITH commented AS MATERIALIZED (
    SELECT classoid, objoid, objsubid
    FROM pg_description
    WHERE lower(description COLLATE "C") LIKE $4 AND ($6::boolean OR objoid >= 16384)
),
schemas AS MATERIALIZED (
    SELECT oid, nspname::text COLLATE "C" AS name, nspname IN ('pg_catalog', 'information_schema') AS is_system
    FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\_toast%'
      AND (nspname NOT LIKE 'pg\_temp\_%' OR oid = pg_my_temp_schema())
      AND ($6::boolean OR nspname NOT IN ('pg_catalog', 'information_schema'))
),
relations AS MATERIALIZED (
    SELECT c.oid, c.relname::text COLLATE "C" AS name, s.name AS schema, s.is_system, c.relkind, c.reltype, c.relispartition
    FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I', 'c')
),
-- Columns are by far the most numerous: their names are looked at before anything is joined.
named_columns AS MATERIALIZED (
    SELECT attrelid, attnum::int AS attnum, attname::text COLLATE "C" AS name
    FROM pg_attribute
    WHERE attnum > 0 AND NOT attisdropped
      AND ($5::text[] IS NULL OR 'column' = ANY ($5::text[]))
      AND (lower(attname COLLATE "C") LIKE $1
           OR $3::text IS NOT NULL AND lower(attname COLLATE "C") LIKE $3)
  UNION
    SELECT a.attrelid, a.attnum::int, a.attname::text COLLATE "C"
    FROM commented
    JOIN pg_attribute a ON a.attrelid = commented.objoid AND a.attnum = commented.objsubid
    WHERE commented.classoid = 'pg_class'::regclass AND NOT a.attisdropped
      AND $4::text IS NOT NULL AND ($5::text[] IS NULL OR 'column' = ANY ($5::text[]))
),
objects AS (
    SELECT 'schema'::text AS kind, 1 AS place, 'pg_namespace'::regclass AS classid, s.oid AS objid, 0 AS subid,
           s.name, NULL::text COLLATE "C" AS container, s.is_system, false AS is_partition
    FROM schemas s
  UNION ALL
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' WHEN 'f' THEN 'foreign_table'
                          WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'c' THEN 'type' ELSE 'table' END,
           CASE c.relkind WHEN 'S' THEN 8 WHEN 'i' THEN 7 WHEN 'I' THEN 7 WHEN 'c' THEN 5 ELSE 2 END,
           CASE c.relkind WHEN 'c' THEN 'pg_type'::regclass ELSE 'pg_class'::regclass END,
           CASE c.relkind WHEN 'c' THEN c.reltype ELSE c.oid END,
           0, c.name, c.schema, c.is_system, c.relispartition
    FROM relations c
  UNION ALL
    -- A partition's columns are those of its parent.
    SELECT 'column'::text, 3, 'pg_class'::regclass, c.oid, a.attnum, a.name, (c.schema || '.' || c.name) COLLATE "C",
           c.is_system, false
    FROM named_columns a JOIN relations c ON c.oid = a.attrelid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND NOT c.relispartition
  UNION ALL
    SELECT 'function'::text, 4, 'pg_proc'::regclass, p.oid, 0, p.proname::text COLLATE "C", s.name, s.is_system, false
    FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace
  UNION ALL
    -- Neither arrays nor types with fields: the row types of tables are none of their
    -- own, and composite types are among the relations.
    SELECT 'type'::text, 5, 'pg_type'::regclass, t.oid, 0, t.typname::text COLLATE "C", s.name, s.is_system, false
    FROM pg_type t JOIN schemas s ON s.oid = t.typnamespace
    WHERE t.typrelid = 0 AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
  UNION ALL
    SELECT 'enum_label'::text, 6, 'pg_enum'::regclass, e.oid, 0, e.enumlabel::text COLLATE "C", (s.name || '.' || t.typname) COLLATE "C",
           s.is_system, false
    FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN schemas s ON s.oid = t.typnamespace
  UNION ALL
    SELECT 'extension'::text, 9, 'pg_extension'::regclass, x.oid, 0, x.extname::text COLLATE "C", NULL::text COLLATE "C", false, false
    FROM pg_extension x
),
hits AS (
    SELECT o.*,
           CASE WHEN lower(o.name) = $7 THEN 0
                WHEN starts_with(lower(o.name), $7) THEN 1
                WHEN position('_' || $7 IN lower(o.name)) > 0 THEN 2
                WHEN lower(o.name) LIKE $1 OR $2::text IS NOT NULL AND lower(o.name) LIKE $3 THEN 3
                ELSE 4 END AS distance,
           count(*) OVER () AS total
    FROM objects o
    WHERE ($5::text[] IS NULL OR o.kind = ANY ($5::text[]))
      AND (lower(o.name) LIKE $1
           OR $2::text IS NOT NULL AND lower(o.name) LIKE $3
              AND (lower(o.container) LIKE $2 OR lower(o.container) LIKE '%.' || $2)
           OR $4::text IS NOT NULL
              AND (o.classid::oid, o.objid, o.subid::int) IN (SELECT classoid, objoid, objsubid FROM commented))
    ORDER BY o.is_system, distance, o.is_partition, o.place, CASE WHEN $7 <> '' THEN length(o.name) END, o.name, o.container, o.objid
    LIMIT $8::bigint
)
SELECT json_strip_nulls(json_build_object(
    'kind', h.kind,
    'name', CASE h.kind
        WHEN 'schema' THEN quote_ident(h.name)
        WHEN 'extension' THEN quote_ident(h.name)
        WHEN 'function' THEN format('%I.%I(%s)', h.container, h.name, pg_get_function_identity_arguments(h.objid))
        WHEN 'enum_label' THEN h.name
        WHEN 'column' THEN (SELECT format('%I.%I.%I', n.nspname, c.relname, h.name)
                            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = h.objid)
        ELSE format('%I.%I', h.container, h.name) END,
    'detail', CASE h.kind
        WHEN 'column' THEN (SELECT format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
                            FROM pg_attribute a WHERE a.attrelid = h.objid AND a.attnum = h.subid)
        WHEN 'function' THEN (SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate, returns ' WHEN 'w' THEN 'window function, returns '
                                     ELSE 'returns ' END || coalesce(pg_get_function_result(p.oid), '')
                              FROM pg_proc p WHERE p.oid = h.objid)
        WHEN 'type' THEN (SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain over ' || format_type(t.typbasetype, t.typtypmod)
                                 WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range' WHEN 'm' THEN 'multirange' WHEN 'p' THEN 'pseudo-type' ELSE 'base' END
                          FROM pg_type t WHERE t.oid = h.objid)
        WHEN 'enum_label' THEN (SELECT 'label of ' || format_type(e.enumtypid, NULL) FROM pg_enum e WHERE e.oid = h.objid)
        WHEN 'index' THEN (SELECT 'on ' || format('%I.%I', n.nspname, c.relname)
                           FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                           WHERE x.indexrelid = h.objid)
        WHEN 'extension' THEN (SELECT 'version ' || x.extversion FROM pg_extension x WHERE x.oid = h.objid)
        WHEN 'table' THEN (SELECT concat_ws(', ', CASE WHEN c.relkind = 'p' THEN 'partitioned' END,
                                            CASE WHEN c.relispartition THEN 'partition of ' || (
                                                SELECT format('%I.%I', n.nspname, p.relname) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                                                JOIN pg_namespace n ON n.oid = p.relnamespace WHERE i.inhrelid = c.oid LIMIT 1) END)
                           FROM pg_class c WHERE c.oid = h.objid AND (c.relkind = 'p' OR c.relispartition))
        END,
    'rows', CASE WHEN h.kind IN ('table', 'materialized_view', 'foreign_table') THEN (
        SELECT c.reltuples::bigint FROM pg_class c
        WHERE c.oid = h.objid AND c.reltuples >= 0 AND NOT (c.reltuples = 0 AND c.relpages = 0)) END,
    'comment', (SELECT CASE WHEN length(d.description) > 200 THEN left(d.description, 200) || '…' ELSE d.description END
                FROM pg_description d WHERE d.classoid = h.classid AND d.objoid = h.objid AND d.objsubid = h.subid),
    'total', h.total
))
FROM hits h
ORDER BY h.is_system, h.distance, h.is_partition, h.place, CASE WHEN $7 <> '' THEN length(h.name) END, h.name, h.container, h.objid;
