-- Settings of the database and of roles in it, and those of the server that
-- decide what a statement means.
WITH entries AS (
  SELECT s.setdatabase, s.setrole, split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value
    FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c
   WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
)
SELECT format('setting %s', e.name),
       format('ALTER %s SET %s = %s',
              CASE WHEN e.setrole = 0 THEN format('DATABASE %I', current_database())
                   WHEN e.setdatabase = 0 THEN format('ROLE %I', r.rolname)
                   ELSE format('ROLE %I IN DATABASE %I', r.rolname, current_database()) END,
              (SELECT string_agg(quote_ident(part), '.') FROM unnest(string_to_array(e.name, '.')) AS part),
              CASE WHEN e.name IN ('search_path', 'temp_tablespaces') THEN coalesce(nullif(e.value, ''), '''''')
                   ELSE quote_literal(e.value) END)
  FROM entries AS e
  LEFT JOIN pg_roles AS r ON r.oid = e.setrole
 WHERE (e.setrole = 0 OR r.rolname IS NOT NULL)
   AND coalesce(r.rolname, '') !~ '^(pg_|howdah )'
   AND e.name !~ '^(auto_explain\.|log_)|preload_libraries$|^role$|^session_authorization$'
UNION ALL
SELECT format('setting %s', s.name), format('ALTER DATABASE %I SET %s = %L', current_database(), quote_ident(s.name), s.reset_val)
  FROM pg_settings AS s
 WHERE s.name IN ('TimeZone', 'array_nulls')
   AND NOT EXISTS (SELECT FROM entries AS e WHERE lower(e.name) = lower(s.name) AND e.setrole = 0)
 ORDER BY 2;
