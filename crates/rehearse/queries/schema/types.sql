-- Types: enums, composites, domains, ranges; a base type, whose functions are
-- in C, becomes a domain over text. Domain constraints come by themselves.
SELECT 'pg_type', t.oid, 10, format('type %I.%I', n.nspname, t.typname),
       CASE t.typtype
       WHEN 'e' THEN
         format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
                (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                   FROM pg_enum AS e WHERE e.enumtypid = t.oid))
       WHEN 'c' THEN
         format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
                (SELECT string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                                          CASE WHEN a.attcollation <> at.typcollation
                                               THEN format(' COLLATE %I.%I', cn.nspname, c.collname) ELSE '' END),
                                   ', ' ORDER BY a.attnum)
                   FROM pg_attribute AS a
                   JOIN pg_type AS at ON at.oid = a.atttypid
                   LEFT JOIN pg_collation AS c ON c.oid = a.attcollation
                   LEFT JOIN pg_namespace AS cn ON cn.oid = c.collnamespace
                  WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
       WHEN 'd' THEN
         format('CREATE DOMAIN %I.%I AS %s%s%s%s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod),
                CASE WHEN t.typcollation <> b.typcollation
                     THEN (SELECT format(' COLLATE %I.%I', cn.nspname, c.collname)
                             FROM pg_collation AS c JOIN pg_namespace AS cn ON cn.oid = c.collnamespace
                            WHERE c.oid = t.typcollation) ELSE '' END,
                CASE WHEN t.typdefaultbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(t.typdefaultbin, 0)
                     WHEN t.typdefault IS NOT NULL THEN ' DEFAULT ' || quote_literal(t.typdefault) ELSE '' END,
                CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END)
       WHEN 'r' THEN
         (SELECT format('CREATE TYPE %I.%I AS RANGE (subtype = %s%s%s%s)', n.nspname, t.typname,
                        format_type(r.rngsubtype, NULL),
                        (SELECT format(', subtype_opclass = %I.%I', opn.nspname, o.opcname)
                           FROM pg_opclass AS o JOIN pg_namespace AS opn ON opn.oid = o.opcnamespace
                          WHERE o.oid = r.rngsubopc AND NOT o.opcdefault),
                        CASE WHEN r.rngsubdiff <> 0 THEN ', subtype_diff = ' || r.rngsubdiff::text ELSE '' END,
                        (SELECT format(', multirange_type_name = %I.%I', mn.nspname, m.typname)
                           FROM pg_type AS m JOIN pg_namespace AS mn ON mn.oid = m.typnamespace
                          WHERE m.oid = (to_jsonb(r) ->> 'rngmultitypid')::oid))
            FROM pg_range AS r WHERE r.rngtypid = t.oid)
       WHEN 'b' THEN format('CREATE DOMAIN %I.%I AS text', n.nspname, t.typname)
       END,
       CASE t.typtype WHEN 'b' THEN 'its functions are in C: a domain over text stands in' END
  FROM pg_type AS t
  JOIN pg_namespace AS n ON n.oid = t.typnamespace
  LEFT JOIN pg_type AS b ON b.oid = t.typbasetype
  LEFT JOIN pg_class AS k ON k.oid = t.typrelid
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND k.relkind = 'c'
        OR t.typtype = 'b' AND t.typelem = 0)
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
UNION ALL
SELECT 'pg_constraint', c.oid, 45, format('constraint %I of domain %I.%I', c.conname, n.nspname, t.typname),
       format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s', n.nspname, t.typname, c.conname, pg_get_constraintdef(c.oid)),
       NULL
  FROM pg_constraint AS c
  JOIN pg_type AS t ON t.oid = c.contypid
  JOIN pg_namespace AS n ON n.oid = t.typnamespace
 WHERE c.contype = 'c' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
UNION ALL
SELECT 'pg_collation', c.oid, 5, format('collation %I.%I', n.nspname, c.collname),
       format('CREATE COLLATION %I.%I (provider = %s, %s%s%s)', n.nspname, c.collname,
              CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
              CASE WHEN coalesce(j.row ->> 'colllocale', j.row ->> 'colliculocale') IS NOT NULL
                   THEN format('locale = %L', coalesce(j.row ->> 'colllocale', j.row ->> 'colliculocale'))
                   WHEN c.collprovider = 'i' THEN format('locale = %L', j.row ->> 'collcollate')
                   ELSE format('lc_collate = %L, lc_ctype = %L', j.row ->> 'collcollate', j.row ->> 'collctype') END,
              CASE WHEN j.row ->> 'collicurules' IS NOT NULL
                   THEN format(', rules = %L', j.row ->> 'collicurules') ELSE '' END,
              CASE WHEN c.collisdeterministic THEN '' ELSE ', deterministic = false' END),
       NULL
  FROM pg_collation AS c
  JOIN pg_namespace AS n ON n.oid = c.collnamespace
 CROSS JOIN LATERAL (SELECT to_jsonb(c) AS row) AS j
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_collation'::regclass AND d.objid = c.oid AND d.deptype = 'e');
