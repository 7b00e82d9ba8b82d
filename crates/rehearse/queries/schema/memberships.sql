-- Who is a member of what.
SELECT format('%s in %s', m.rolname, r.rolname),
       format('GRANT %I TO %I%s', r.rolname, m.rolname,
              CASE WHEN j.row ->> 'inherit_option' IS NULL
                   THEN CASE WHEN a.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END
                   ELSE format(' WITH ADMIN %s, INHERIT %s, SET %s', j.row ->> 'admin_option',
                               j.row ->> 'inherit_option', j.row ->> 'set_option')
              END)
  FROM pg_auth_members AS a
  JOIN pg_roles AS r ON r.oid = a.roleid
  JOIN pg_roles AS m ON m.oid = a.member
 CROSS JOIN LATERAL (SELECT to_jsonb(a) AS row) AS j
 WHERE m.rolname !~ '^pg_' AND m.rolname !~ '^howdah ' AND r.rolname !~ '^howdah '
   AND NOT m.rolname = r.rolname
 ORDER BY a.roleid, a.member;
