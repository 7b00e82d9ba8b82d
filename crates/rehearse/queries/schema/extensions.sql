-- Extensions, each with the types that it brings, as one array of quoted names.
SELECT e.extname, format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I CASCADE', e.extname, n.nspname),
       (SELECT coalesce(string_agg(format('%I.%I', tn.nspname, t.typname), ' ' ORDER BY t.oid), '')
          FROM pg_depend AS d
          JOIN pg_type AS t ON t.oid = d.objid AND t.typtype IN ('b', 'd', 'e') AND t.typelem = 0
          JOIN pg_namespace AS tn ON tn.oid = t.typnamespace
         WHERE d.classid = 'pg_type'::regclass AND d.refclassid = 'pg_extension'::regclass
           AND d.refobjid = e.oid AND d.deptype = 'e')
  FROM pg_extension AS e
  JOIN pg_namespace AS n ON n.oid = e.extnamespace
 ORDER BY e.oid;
