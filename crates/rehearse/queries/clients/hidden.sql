-- Who may read a table and sees none of its rows, whatever they are; and which
-- partitions belong to which parent.
WITH hidden AS (
  SELECT c.oid, c.oid::regclass::text AS name, g.role
    FROM pg_catalog.pg_class AS c
   CROSS JOIN LATERAL (SELECT DISTINCT CASE x.grantee WHEN 0 THEN '"howdah public"'::regrole::oid ELSE x.grantee END AS role
                         FROM aclexplode(c.relacl) AS x WHERE x.privilege_type = 'SELECT') AS g
    JOIN pg_catalog.pg_roles AS r ON r.oid = g.role
   WHERE c.relrowsecurity AND NOT r.rolbypassrls AND (c.relforcerowsecurity OR NOT pg_has_role(g.role, c.relowner, 'USAGE'))
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy AS p
                      WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*')
                        AND (0 = ANY (p.polroles)
                             OR EXISTS (SELECT FROM unnest(p.polroles) AS m WHERE m <> 0 AND pg_has_role(g.role, m, 'USAGE'))))
)
SELECT 'hidden', h.oid, r.rolname, h.name, '' FROM hidden AS h JOIN pg_catalog.pg_roles AS r ON r.oid = h.role
UNION ALL
SELECT 'part', i.inhrelid, 'howdah builder', p.oid::regclass::text, c.oid::regclass::text
  FROM pg_catalog.pg_inherits AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
  JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent AND p.relkind = 'p'
UNION ALL
SELECT 'table', c.oid, '', '', ''
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';
