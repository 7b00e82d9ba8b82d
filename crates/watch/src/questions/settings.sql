-- howdah watch: settings of the server, and of roles and databases. What may hold a secret is only known to be different.
SELECT 'setting' AS kind, s.name,
       CASE WHEN s.name ~ '(conninfo|command|password|passphrase|secret)' AND s.reset_val <> ''
            THEN 'not shown (' || left(md5(s.reset_val), 6) || ')'
            ELSE s.reset_val || CASE WHEN s.unit IS NULL OR s.reset_val !~ '^[0-9]+$' THEN '' ELSE ' × ' || s.unit END END AS value
FROM pg_settings s
WHERE s.context <> 'internal' AND s.source NOT IN ('client', 'session')
  AND s.name NOT IN ('application_name', 'client_encoding', 'transaction_isolation', 'transaction_read_only',
                     'transaction_deferrable', 'session_authorization', 'role', 'seed', 'is_superuser')
UNION ALL
SELECT 'setting',
       concat_ws(' ', 'of', 'role ' || quote_ident(r.rolname), 'database ' || quote_ident(d.datname)) || ': ' || split_part(c, '=', 1),
       CASE WHEN c ~* '(password|secret|token|key)' THEN 'not shown (' || left(md5(c), 6) || ')'
            ELSE substr(c, strpos(c, '=') + 1) END
FROM pg_db_role_setting s
LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase,
     unnest(s.setconfig) c;
