-- What roles and databases are: each with a digest of its definition.
SELECT 'role ' || rolname, pg_catalog.md5(a::pg_catalog.text)
  FROM pg_catalog.pg_authid a
UNION ALL
SELECT format('membership of %s in %s', m.member::pg_catalog.regrole, m.roleid::pg_catalog.regrole),
       pg_catalog.md5(string_agg(m::pg_catalog.text, ' ' ORDER BY m::pg_catalog.text))
  FROM pg_catalog.pg_auth_members m
 GROUP BY m.member, m.roleid
UNION ALL
SELECT format('settings of role %s in database %s', s.setrole, s.setdatabase), pg_catalog.md5(s::pg_catalog.text)
  FROM pg_catalog.pg_db_role_setting s
UNION ALL
SELECT 'database ' || datname, pg_catalog.md5(concat_ws('|', datdba, datallowconn, datconnlimit, datacl))
  FROM pg_catalog.pg_database
