-- What has a body: functions, aggregates, operators, casts, views, rules,
-- triggers, policies.
WITH functions AS (
  SELECT p.*, n.nspname, l.lanname,
         format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_language AS l ON l.oid = p.prolang
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_depend AS d
                      WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
), relations AS (
  SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
     AND NOT EXISTS (SELECT FROM pg_depend AS d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
)
SELECT 'pg_proc', f.oid, 30, format('function %s', f.name), pg_get_functiondef(f.oid), NULL
  FROM functions AS f
 WHERE f.prokind IN ('f', 'p', 'w') AND f.lanname NOT IN ('c', 'internal')
UNION ALL
SELECT 'pg_proc', f.oid, 32, format('aggregate %s', f.name),
       format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s%s)', f.nspname, f.proname,
              CASE WHEN pg_get_function_arguments(f.oid) = '' THEN '*' ELSE pg_get_function_arguments(f.oid) END,
              a.aggtransfn, format_type(a.aggtranstype, NULL),
              concat(CASE WHEN a.aggfinalfn <> 0 THEN ', FINALFUNC = ' || a.aggfinalfn::text END,
                     CASE WHEN a.aggcombinefn <> 0 THEN ', COMBINEFUNC = ' || a.aggcombinefn::text END,
                     CASE WHEN a.aggserialfn <> 0 THEN ', SERIALFUNC = ' || a.aggserialfn::text END,
                     CASE WHEN a.aggdeserialfn <> 0 THEN ', DESERIALFUNC = ' || a.aggdeserialfn::text END,
                     CASE WHEN a.agginitval IS NOT NULL THEN ', INITCOND = ' || quote_literal(a.agginitval) END,
                     CASE WHEN a.aggsortop <> 0 THEN (SELECT format(', SORTOP = OPERATOR(%I.%s)', n.nspname, o.oprname)
                                                        FROM pg_operator AS o JOIN pg_namespace AS n ON n.oid = o.oprnamespace
                                                       WHERE o.oid = a.aggsortop) END,
                     CASE f.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' END)), NULL
  FROM functions AS f
  JOIN pg_aggregate AS a ON a.aggfnoid = f.oid
 WHERE f.prokind = 'a' AND a.aggkind = 'n'
UNION ALL
SELECT 'pg_operator', o.oid, 33, format('operator %I.%s', n.nspname, o.oprname),
       format('CREATE OPERATOR %I.%s (FUNCTION = %s%s)', n.nspname, o.oprname, o.oprcode,
              concat(CASE WHEN o.oprleft <> 0 THEN ', LEFTARG = ' || format_type(o.oprleft, NULL) END,
                     CASE WHEN o.oprright <> 0 THEN ', RIGHTARG = ' || format_type(o.oprright, NULL) END,
                     CASE WHEN o.oprrest <> 0 THEN ', RESTRICT = ' || o.oprrest::text END,
                     CASE WHEN o.oprjoin <> 0 THEN ', JOIN = ' || o.oprjoin::text END,
                     CASE WHEN o.oprcanhash THEN ', HASHES' END, CASE WHEN o.oprcanmerge THEN ', MERGES' END)), NULL
  FROM pg_operator AS o
  JOIN pg_namespace AS n ON n.oid = o.oprnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND o.oprcode <> 0
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e')
UNION ALL
SELECT 'pg_cast', c.oid, 34, format('cast from %s to %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)),
       format('CREATE CAST (%s AS %s) %s%s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL),
              CASE c.castmethod WHEN 'f' THEN format('WITH FUNCTION %s', c.castfunc::regprocedure)
                                WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END,
              CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END), NULL
  FROM pg_cast AS c
 WHERE c.oid >= 16384
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i'))
UNION ALL
SELECT 'pg_class', r.oid, CASE r.relkind WHEN 'v' THEN 35 ELSE 55 END,
       format('%s %s', CASE r.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, r.name),
       format('CREATE %s %s%s AS%s%s', CASE r.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END, r.name,
              (SELECT format(' WITH (%s)', string_agg(format('%s=%L', split_part(o, '=', 1),
                                                            substr(o, strpos(o, '=') + 1)), ', '))
                 FROM unnest(r.reloptions) AS o HAVING count(*) > 0),
              E'\n' || rtrim(pg_get_viewdef(r.oid), ';'), CASE r.relkind WHEN 'm' THEN E'\nWITH NO DATA' ELSE '' END), NULL
  FROM relations AS r
 WHERE r.relkind IN ('v', 'm')
UNION ALL
SELECT 'filled', r.oid, 95, format('rows of %s', r.name), format('REFRESH MATERIALIZED VIEW %s', r.name), NULL
  FROM relations AS r
 WHERE r.relkind = 'm' AND r.relispopulated
UNION ALL
SELECT 'pg_rewrite', w.oid, 82, format('rule %I of %s', w.rulename, r.name),
       concat_ws(E';\n', rtrim(pg_get_ruledef(w.oid), ';'),
                 CASE w.ev_enabled WHEN 'O' THEN NULL ELSE
                   format('ALTER TABLE %s %s RULE %I', r.name,
                          CASE w.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END,
                          w.rulename) END), NULL
  FROM pg_rewrite AS w
  JOIN relations AS r ON r.oid = w.ev_class
 WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'pg_trigger', t.oid, 83, format('trigger %I of %s', t.tgname, r.name),
       concat_ws(E';\n', pg_get_triggerdef(t.oid),
                 CASE t.tgenabled WHEN 'O' THEN NULL ELSE
                   format('ALTER TABLE %s %s TRIGGER %I', r.name,
                          CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END,
                          t.tgname) END), NULL
  FROM pg_trigger AS t
  JOIN relations AS r ON r.oid = t.tgrelid
 WHERE NOT t.tgisinternal AND t.tgparentid = 0
UNION ALL
SELECT 'pg_policy', p.oid, 84, format('policy %I of %s', p.polname, r.name),
       format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname, r.name,
              CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
              CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                            WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
              (SELECT string_agg(CASE x WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x)) END, ', ' ORDER BY x)
                 FROM unnest(p.polroles) AS x),
              ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
              ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'), NULL
  FROM pg_policy AS p
  JOIN relations AS r ON r.oid = p.polrelid;
