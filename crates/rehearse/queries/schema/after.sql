-- What only a superuser may set, once all else is there: publications, event
-- triggers, invalid indexes, owners, privileges.
WITH relations AS (
  SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
     AND NOT EXISTS (SELECT FROM pg_depend AS d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), extension_members AS (
  SELECT d.classid, d.objid FROM pg_depend AS d WHERE d.deptype = 'e'
), objects AS (
  SELECT CASE r.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind,
         CASE r.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS granted, r.name, r.relowner AS owner,
         CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS defaults, r.relacl AS acl,
         r.relkind = 'S' AND EXISTS (SELECT FROM pg_depend AS d
                                      WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid
                                        AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0) AS follows
    FROM relations AS r
   WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
  UNION ALL
  SELECT 'SCHEMA', 'SCHEMA', quote_ident(n.nspname), n.nspowner, 'n', n.nspacl, false
    FROM pg_namespace AS n
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND (('pg_namespace'::regclass, n.oid) NOT IN (SELECT e.classid, e.objid FROM extension_members AS e))
  UNION ALL
  SELECT 'ROUTINE', 'ROUTINE', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
         p.proowner, 'f', p.proacl, false
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_language AS l ON l.oid = p.prolang
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND (l.lanname NOT IN ('c', 'internal') OR p.prokind = 'a')
     AND NOT EXISTS (SELECT FROM pg_depend AS d
                      WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
  UNION ALL
  SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, 'TYPE', format('%I.%I', n.nspname, t.typname),
         t.typowner, 'T', t.typacl, false
    FROM pg_type AS t
    JOIN pg_namespace AS n ON n.oid = t.typnamespace
    LEFT JOIN pg_class AS k ON k.oid = t.typrelid
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND k.relkind = 'c')
     AND (('pg_type'::regclass, t.oid) NOT IN (SELECT e.classid, e.objid FROM extension_members AS e))
  UNION ALL
  SELECT 'DATABASE', 'DATABASE', quote_ident(d.datname), d.datdba, 'd', d.datacl, false
    FROM pg_database AS d
   WHERE d.datname = current_database()
), grants AS (
  SELECT o.kind, o.granted, o.name, o.owner, a.grantor, a.grantee, a.privilege_type, a.is_grantable
    FROM objects AS o, aclexplode(o.acl) AS a
)
SELECT 100 AS place, format('publication %I', p.pubname) AS what,
       format('CREATE PUBLICATION %I %s WITH (publish = %L%s)', p.pubname,
              CASE WHEN p.puballtables THEN 'FOR ALL TABLES' ELSE
                (SELECT 'FOR TABLE ' || string_agg(
                          CASE WHEN EXISTS (SELECT FROM pg_inherits AS h WHERE h.inhparent = r.oid) AND r.relkind = 'r'
                               THEN 'ONLY ' ELSE '' END || r.name
                          || coalesce((SELECT format(' (%s)', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum))
                                         FROM pg_attribute AS a
                                        WHERE a.attrelid = r.oid AND to_jsonb(l) ->> 'prattrs' IS NOT NULL
                                          AND a.attnum::text = ANY (string_to_array(to_jsonb(l) ->> 'prattrs', ' '))
                                       HAVING count(*) > 0), '')
                          || coalesce((SELECT format(' WHERE (%s)', to_jsonb(t) ->> 'rowfilter')
                                         FROM pg_publication_tables AS t
                                        WHERE t.pubname = p.pubname AND format('%I.%I', t.schemaname, t.tablename) = r.name
                                          AND to_jsonb(t) ->> 'rowfilter' IS NOT NULL), ''),
                          ', ' ORDER BY r.name)
                   FROM pg_publication_rel AS l JOIN relations AS r ON r.oid = l.prrelid WHERE l.prpubid = p.oid) END,
              concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                        CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
              CASE WHEN p.pubviaroot THEN ', publish_via_partition_root = true' ELSE '' END) AS sql
  FROM pg_publication AS p
UNION ALL
SELECT 110, format('index %s', x.name),
       format('UPDATE pg_catalog.pg_index SET indisvalid = false, indisready = %s WHERE indexrelid = %L::pg_catalog.regclass',
              CASE WHEN i.indisready THEN 'true' ELSE 'false' END, x.name)
  FROM pg_index AS i
  JOIN relations AS x ON x.oid = i.indexrelid
 WHERE NOT i.indisvalid AND x.relkind = 'i'
UNION ALL
SELECT 120, format('owner of %s', o.name), format('ALTER %s %s OWNER TO %I', o.kind, o.name, pg_get_userbyid(o.owner))
  FROM objects AS o
 WHERE NOT o.follows AND pg_get_userbyid(o.owner) !~ '^(unknown |howdah )'
UNION ALL
SELECT 130, format('privileges on %s', o.name),
       format(CASE WHEN o.granted = 'TYPE' AND o.kind = 'DOMAIN' THEN 'REVOKE ALL ON TYPE %2$s FROM PUBLIC, %3$I'
                   ELSE 'REVOKE ALL ON %1$s %2$s FROM PUBLIC, %3$I' END, o.granted, o.name, pg_get_userbyid(o.owner))
  FROM objects AS o
 WHERE o.acl IS NOT NULL AND pg_get_userbyid(o.owner) !~ '^(unknown |howdah )'
UNION ALL
SELECT 140, format('privileges on %s', g.name),
       format('GRANT %s ON %s %s TO %s%s', g.privilege_type, g.granted, g.name,
              CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
              CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM grants AS g
 WHERE pg_get_userbyid(g.grantee) !~ '^howdah '
UNION ALL
SELECT 150, format('privileges on %s.%I', r.name, a.attname),
       format('GRANT %s (%I) ON TABLE %s TO %s%s', x.privilege_type, a.attname, r.name,
              CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
              CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM relations AS r
  JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL
 CROSS JOIN LATERAL aclexplode(a.attacl) AS x
 WHERE pg_get_userbyid(x.grantee) !~ '^howdah '
UNION ALL
SELECT 155, format('default privileges of %I', pg_get_userbyid(d.defaclrole)),
       format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE ALL ON %s FROM PUBLIC', pg_get_userbyid(d.defaclrole),
              CASE d.defaclobjtype WHEN 'f' THEN 'ROUTINES' ELSE 'TYPES' END)
  FROM pg_default_acl AS d
 WHERE d.defaclnamespace = 0 AND d.defaclobjtype IN ('f', 'T')
UNION ALL
SELECT 160, format('default privileges of %I', pg_get_userbyid(d.defaclrole)),
       format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s GRANT %s ON %s TO %s%s', pg_get_userbyid(d.defaclrole),
              coalesce((SELECT format('IN SCHEMA %I', n.nspname) FROM pg_namespace AS n WHERE n.oid = d.defaclnamespace), ''),
              x.privilege_type,
              CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES'
                                   WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END,
              CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
              CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM pg_default_acl AS d, aclexplode(d.defaclacl) AS x
 WHERE pg_get_userbyid(x.grantee) !~ '^howdah '
   AND NOT (d.defaclnamespace = 0 AND x.grantee = d.defaclrole)
UNION ALL
SELECT 170, format('event trigger %I', e.evtname),
       concat_ws(E';\n',
         format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', e.evtname, e.evtevent,
                (SELECT format(' WHEN TAG IN (%s)', string_agg(quote_literal(t), ', '))
                   FROM unnest(e.evttags) AS t HAVING count(*) > 0), e.evtfoid::regproc),
         CASE e.evtenabled WHEN 'O' THEN NULL ELSE
           format('ALTER EVENT TRIGGER %I %s', e.evtname,
                  CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END) END)
  FROM pg_event_trigger AS e
 WHERE NOT EXISTS (SELECT FROM extension_members AS m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = e.oid)
 ORDER BY 1, 2, 3;
