-- Commands that remove what an earlier rehearsal left, databases first.
SELECT command
  FROM (SELECT 1 AS place, format('DROP DATABASE %I WITH (FORCE)', d.datname) AS command
          FROM pg_catalog.pg_database AS d
         WHERE d.datname NOT IN ('template0', 'template1')
        UNION ALL
        SELECT 2, format('DROP ROLE %I', r.rolname)
          FROM pg_catalog.pg_roles AS r
         WHERE r.rolname !~ '^pg_' AND r.rolname <> 'howdah scratch') AS commands
 ORDER BY place;
