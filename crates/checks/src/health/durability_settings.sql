-- Settings that risk the data: the server's own, and those of roles and of this database. What the session says itself does
-- not count; what the database or the role says of them in a session of this role is among the latter.
WITH risky (name) AS (
    VALUES ('fsync'), ('full_page_writes'), ('synchronous_commit'), ('zero_damaged_pages'), ('ignore_checksum_failure'),
           ('ignore_system_indexes')
), special AS (
    SELECT r.name, substr(c, strpos(c, '=') + 1) AS value, s.setrole, s.setdatabase, d.datname, a.rolname
    FROM pg_db_role_setting s
    CROSS JOIN LATERAL unnest(s.setconfig) c
    JOIN risky r ON r.name = split_part(c, '=', 1)
    LEFT JOIN pg_database d ON d.oid = s.setdatabase
    LEFT JOIN pg_roles a ON a.oid = s.setrole
    WHERE (s.setdatabase = 0 OR d.datname = current_database()) AND a.rolname IS DISTINCT FROM 'rdsadmin'
)
SELECT s.name, s.reset_val AS value, NULL AS who, NULL AS undo
FROM pg_settings s JOIN risky r ON r.name = s.name
-- Where something was set for whoever asks, that is what is known.
WHERE NOT EXISTS (SELECT FROM special o WHERE o.name = s.name AND (o.setrole = 0 OR o.rolname = current_user))
UNION ALL
SELECT o.name,
       CASE WHEN lower(o.value) IN ('off', 'false', 'no', '0', 'f', 'n') THEN 'off'
            WHEN lower(o.value) IN ('on', 'true', 'yes', '1', 't', 'y') THEN 'on' ELSE lower(o.value) END,
       concat_ws(' in ', CASE WHEN o.setrole <> 0 THEN quote_ident(o.rolname) WHEN o.setdatabase = 0 THEN 'all roles' END,
                 CASE WHEN o.setdatabase <> 0 THEN 'the database ' || quote_ident(o.datname) END),
       format('ALTER %s RESET %s;',
              CASE WHEN o.setrole = 0 AND o.setdatabase = 0 THEN 'ROLE ALL'
                   WHEN o.setrole = 0 THEN format('DATABASE %I', o.datname)
                   WHEN o.setdatabase = 0 THEN format('ROLE %I', o.rolname)
                   ELSE format('ROLE %I IN DATABASE %I', o.rolname, o.datname) END, o.name)
FROM special o
ORDER BY 1, 3 NULLS FIRST;
