-- Sequences that belong to a column of a relation that is reviewed, or to none.
-- The roles that may insert into the table, but not draw from the sequence of a serial column.
SELECT s.oid, n.nspname, s.relname, q.seqtypid::regtype::text, q.seqmin, q.seqmax, q.seqincrement, q.seqcycle,
       d.refobjid, d.refobjsubid, d.deptype,
       s.relpersistence = 'p' AND has_sequence_privilege(s.oid, 'USAGE, SELECT'),
       CASE WHEN d.deptype = 'a' THEN ARRAY(
           SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END
           FROM pg_class t, aclexplode(t.relacl) a
           WHERE t.oid = d.refobjid AND a.privilege_type = 'INSERT' AND a.grantee <> t.relowner
             AND CASE a.grantee
                 WHEN 0 THEN NOT EXISTS (SELECT FROM aclexplode(s.relacl) x
                                         WHERE x.grantee = 0 AND x.privilege_type IN ('USAGE', 'UPDATE'))
                 ELSE NOT has_sequence_privilege(a.grantee, s.oid, 'USAGE, UPDATE') END
           ORDER BY 1)::text[] END
FROM pg_sequence q
JOIN pg_class s ON s.oid = q.seqrelid
JOIN pg_namespace n ON n.oid = s.relnamespace
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.objsubid = 0
                     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN chosen c ON c.oid = d.refobjid
WHERE s.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'howdah')
  AND ($1::text[] IS NULL OR n.nspname = ANY ($1::text[]))
  AND (c.oid IS NOT NULL OR d.refobjid IS NULL)
  AND NOT EXISTS (
      SELECT FROM pg_depend e
      WHERE e.classid = 'pg_class'::regclass AND e.objid = s.oid AND e.deptype = 'e')
ORDER BY n.nspname, s.relname;
