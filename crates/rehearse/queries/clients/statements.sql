-- Statements of ordinary clients: of each role that has been granted something,
-- of a role that has what PUBLIC has, and of owners: these stand for others who can do the same, and
-- for themselves where nobody else in the database may read, or write. Numbers that a column counts
-- by itself are left to it. Values are those that the
-- target's statistics know, else typical of their types. The last column is what
-- is done before: it puts a row into the table, for statements that need one.
WITH types AS MATERIALIZED (
  SELECT t.oid, b.typname, b.typcategory,
         CASE WHEN b.typtype = 'e' THEN (SELECT quote_literal(e.enumlabel) FROM pg_catalog.pg_enum AS e
                                          WHERE e.enumtypid = b.oid ORDER BY e.enumsortorder LIMIT 1)
              WHEN b.typname = 'uuid' THEN quote_literal('00000000-0000-4000-8000-000000000001')
              WHEN b.typname IN ('json', 'jsonb') THEN quote_literal('{}')
              WHEN b.typname = 'bytea' THEN quote_literal('')
              WHEN b.typcategory = 'N' THEN '1'
              WHEN b.typcategory = 'S' THEN quote_literal('1')
              WHEN b.typcategory = 'B' THEN 'true'
              WHEN b.typcategory = 'D' THEN quote_literal(CASE WHEN b.typname LIKE 'time%' AND b.typname NOT LIKE 'timestamp%'
                                                               THEN '12:00' ELSE '2024-01-01' END)
              WHEN b.typcategory = 'T' THEN quote_literal('1 day')
              WHEN b.typcategory = 'A' THEN quote_literal('{}')
              WHEN b.typcategory = 'R' THEN quote_literal('empty')
              WHEN b.typcategory = 'I' THEN quote_literal('127.0.0.1')
              ELSE 'NULL' END AS value,
         -- What is commonly done with a value: %1$s is the column, %2$s a value of it.
         CASE WHEN b.typname IN ('int2', 'int4', 'int8', 'numeric', 'float4', 'float8') THEN '%1$s + 1, %1$s = 1'
              WHEN b.typname IN ('text', 'varchar', 'bpchar') THEN '%1$s || ''x'', %1$s = %2$s'
              WHEN b.typname IN ('date', 'timestamp', 'timestamptz') THEN '%1$s - interval ''1 day'', %1$s > %2$s'
              WHEN b.typname = 'bool' THEN 'NOT %1$s'
              WHEN b.typname IN ('json', 'jsonb') THEN '%1$s ->> ''a'''
              WHEN b.typcategory = 'A' THEN '%1$s[1]' END AS use,
         CASE b.typtype WHEN 'e' THEN (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                                         FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = b.oid) END AS labels
    FROM pg_catalog.pg_type AS t
    JOIN pg_catalog.pg_type AS b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
), relations AS (
  SELECT c.oid, c.relkind, c.relowner, c.relacl, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relpersistence <> 't'
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), grantees AS (
  SELECT r.oid, CASE x.grantee WHEN 0 THEN '"howdah public"'::regrole ELSE x.grantee::regrole END AS role
    FROM relations AS r, aclexplode(r.relacl) AS x
  UNION
  SELECT a.attrelid, CASE x.grantee WHEN 0 THEN '"howdah public"'::regrole ELSE x.grantee::regrole END
    FROM pg_catalog.pg_attribute AS a, aclexplode(a.attacl) AS x
  UNION
  SELECT r.oid, r.relowner::regrole FROM relations AS r
), privileges AS (
  SELECT g.oid, g.role, g.role = r.relowner::regrole AS owns, a.attnum, a.attname,
         a.attgenerated <> '' OR a.attidentity <> '' AS given,
         a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required, a.attnotnull AS never_null,
         has_column_privilege(g.role::oid, g.oid, a.attnum, 'SELECT') AS readable,
         has_column_privilege(g.role::oid, g.oid, a.attnum, 'INSERT') AS insertable,
         has_column_privilege(g.role::oid, g.oid, a.attnum, 'UPDATE') AS updatable,
         has_table_privilege(g.role::oid, g.oid, 'DELETE') AS deletable,
         coalesce(quote_literal(k.value), t.value) AS value, t.use, t.labels
    FROM grantees AS g
    JOIN relations AS r ON r.oid = g.oid
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = g.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN types AS t ON t.oid = a.atttypid
    LEFT JOIN pg_temp.known AS k ON k.relation = g.oid AND k.name = a.attname
), others AS (
  SELECT coalesce(bool_or(readable), false) AS read, coalesce(bool_or(insertable OR updatable OR deletable), false) AS write
    FROM privileges WHERE NOT owns
), columns AS (
  SELECT p.oid, p.role, p.attnum, p.attname, p.given, p.required, p.value, p.use, p.labels,
         p.readable AND (NOT p.owns OR NOT o.read OR coalesce(bool_or(p.readable) FILTER (WHERE NOT p.owns) OVER w, false)) AS readable,
         p.insertable AND (NOT p.owns OR NOT o.write OR coalesce(bool_or(p.insertable) FILTER (WHERE NOT p.owns) OVER w, false)) AS insertable,
         p.updatable AND (NOT p.owns OR NOT o.write OR coalesce(bool_or(p.updatable) FILTER (WHERE NOT p.owns) OVER w, false)) AS updatable,
         p.deletable AND (NOT p.owns OR NOT o.write OR coalesce(bool_or(p.deletable) FILTER (WHERE NOT p.owns) OVER w, false)) AS deletable
    FROM privileges AS p CROSS JOIN others AS o
  WINDOW w AS (PARTITION BY p.oid, p.attnum)
), lists AS (
  SELECT c.oid, c.role, bool_or(c.deletable) AS deletable,
         string_agg(quote_ident(c.attname), ', ' ORDER BY c.attnum) FILTER (WHERE c.readable) AS readable,
         string_agg(quote_ident(c.attname), ', ' ORDER BY c.attnum)
           FILTER (WHERE c.insertable AND NOT c.given) AS insertable,
         string_agg(c.value, ', ' ORDER BY c.attnum)
           FILTER (WHERE c.insertable AND NOT c.given) AS "values",
         string_agg(quote_ident(c.attname), ', ' ORDER BY c.attnum) FILTER (WHERE c.required) AS required,
         string_agg(c.value, ', ' ORDER BY c.attnum) FILTER (WHERE c.required) AS required_values,
         string_agg(format('%I = %s', c.attname, c.value), ', ' ORDER BY c.attnum)
           FILTER (WHERE c.updatable AND NOT c.given) AS changes,
         string_agg(format(c.use, quote_ident(c.attname), c.value), ', ' ORDER BY c.attnum)
           FILTER (WHERE c.readable AND c.use IS NOT NULL) AS uses
    FROM columns AS c
   GROUP BY c.oid, c.role
), keys AS (
  -- What ON CONFLICT may name.
  SELECT i.indrelid AS oid,
         format('(%s)%s', (SELECT string_agg(CASE i.indkey[k] WHEN 0 THEN format('(%s)', pg_get_indexdef(i.indexrelid, k + 1, false))
                                                              ELSE pg_get_indexdef(i.indexrelid, k + 1, false) END, ', ' ORDER BY k)
                             FROM generate_series(0, i.indnkeyatts - 1) AS k),
                ' WHERE ' || pg_get_expr(i.indpred, i.indrelid)) AS target
    FROM pg_catalog.pg_index AS i
   WHERE i.indisunique AND i.indimmediate AND i.indisvalid
), filled AS (
  -- A row with a value in every column, and one with values only where there must be some.
  SELECT p.oid, every.one, format('SET LOCAL ROLE %I; INSERT INTO %s (%s) VALUES (%s)', o.rolname, r.name,
                       string_agg(quote_ident(p.attname), ', ' ORDER BY p.attnum), string_agg(p.value, ', ' ORDER BY p.attnum)) AS sql
    FROM privileges AS p JOIN relations AS r USING (oid) JOIN pg_catalog.pg_roles AS o ON o.oid = r.relowner
   CROSS JOIN (VALUES (true), (false)) AS every(one)
   WHERE p.owns AND p.insertable AND NOT p.given AND r.relkind IN ('r', 'p') AND (every.one OR p.never_null)
   GROUP BY p.oid, every.one, o.rolname, r.name
), seen AS (
  -- A row of a table is seen through the views of it alone; many of them leave out what has a value
  -- somewhere, a time of deletion.
  SELECT f.oid, f.sql FROM filled AS f WHERE f.one
  UNION ALL
  SELECT v.oid, f.sql
    FROM (SELECT w.ev_class AS oid, min(d.refobjid) AS base
            FROM pg_catalog.pg_rewrite AS w
            JOIN relations AS r ON r.oid = w.ev_class AND r.relkind = 'v'
            JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                                          AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
           WHERE w.ev_type = '1'
           GROUP BY w.ev_class HAVING count(DISTINCT d.refobjid) = 1) AS v
    JOIN filled AS f ON f.oid = v.base
), statements AS (
  SELECT l.oid, l.role, format('SELECT %s FROM %s LIMIT 0', l.readable, r.name) AS sql, NULL AS first
    FROM lists AS l JOIN relations AS r USING (oid) WHERE l.readable IS NOT NULL
  UNION ALL
  SELECT l.oid, l.role, format('INSERT INTO %s (%s) VALUES (%s)', r.name, l.insertable, l."values"), NULL
    FROM lists AS l JOIN relations AS r USING (oid) WHERE l.insertable IS NOT NULL AND r.relkind <> 'm'
  UNION ALL
  SELECT l.oid, l.role, CASE WHEN l.required IS NULL THEN format('INSERT INTO %s DEFAULT VALUES', r.name)
                             ELSE format('INSERT INTO %s (%s) VALUES (%s)', r.name, l.required, l.required_values) END, NULL
    FROM lists AS l JOIN relations AS r USING (oid) WHERE l.insertable IS NOT NULL AND r.relkind IN ('r', 'p')
  UNION ALL
  SELECT l.oid, l.role, format('UPDATE %s SET %s WHERE false', r.name, l.changes), NULL
    FROM lists AS l JOIN relations AS r USING (oid) WHERE l.changes IS NOT NULL AND r.relkind <> 'm'
  UNION ALL
  SELECT l.oid, l.role, format('DELETE FROM %s WHERE false', r.name), NULL
    FROM lists AS l JOIN relations AS r USING (oid)
   WHERE r.relkind <> 'm' AND l.deletable
  UNION ALL
  SELECT l.oid, l.role, format('EXPLAIN SELECT %s FROM %s', l.uses, r.name), NULL
    FROM lists AS l JOIN relations AS r USING (oid) WHERE l.uses IS NOT NULL AND l.role = r.relowner::regrole
  UNION ALL
  -- Clients name the values of enums.
  SELECT c.oid, c.role, format('EXPLAIN SELECT FROM %s WHERE %I IN (%s)', r.name, c.attname, c.labels), NULL
    FROM columns AS c JOIN relations AS r USING (oid)
   WHERE c.labels IS NOT NULL AND c.readable AND c.role = r.relowner::regrole
  UNION ALL
  SELECT l.oid, l.role, format('EXPLAIN INSERT INTO %s (%s) VALUES (%s) ON CONFLICT %s DO NOTHING',
                               r.name, l.insertable, l."values", k.target), NULL
    FROM lists AS l JOIN relations AS r USING (oid) JOIN keys AS k USING (oid)
   WHERE l.insertable IS NOT NULL AND l.role = r.relowner::regrole
  UNION ALL
  SELECT l.oid, l.role, s.sql, w.sql
    FROM lists AS l JOIN relations AS r USING (oid) JOIN seen AS w USING (oid)
   CROSS JOIN LATERAL (VALUES (CASE WHEN l.readable IS NOT NULL THEN format('SELECT %s FROM %s', l.readable, r.name) END),
                              (CASE WHEN l.changes IS NOT NULL THEN format('UPDATE %s SET %s', r.name, l.changes) END),
                              (CASE WHEN l.deletable THEN format('DELETE FROM %s', r.name) END)
         ) AS s(sql)
   WHERE s.sql IS NOT NULL
  UNION ALL
  -- As callers write them: constants, of which the server has to find the types.
  SELECT p.oid, g.role, format('EXPLAIN SELECT %I.%I(%s)', n.nspname, p.proname,
                               (SELECT string_agg(CASE v.number WHEN 0 THEN 'NULL' ELSE t.value END, ', ' ORDER BY i)
                                  FROM generate_series(0, v.given - 1) AS i JOIN types AS t ON t.oid = p.proargtypes[i])), NULL
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
   CROSS JOIN LATERAL (
           SELECT CASE x.grantee WHEN 0 THEN '"howdah public"'::regrole ELSE x.grantee::regrole END AS role
             FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
         ) AS g
   CROSS JOIN LATERAL (
           SELECT number, given FROM generate_series(p.pronargs - p.pronargdefaults, p.pronargs::int) AS given, generate_series(0, 1) AS number
            WHERE number = 0 OR given > 0
         ) AS v
   WHERE p.prokind = 'f' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND p.provariadic = 0
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
)
SELECT s.oid, r.rolname, s.sql, s.first
  FROM statements AS s
  JOIN pg_catalog.pg_roles AS r ON r.oid = s.role::oid
 WHERE r.rolname !~ '^pg_'
 ORDER BY s.oid, r.rolname, s.first NULLS FIRST, s.sql;
