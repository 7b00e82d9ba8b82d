-- The timeouts that a new session of this role in this database would have, and what of both they were set for.
SELECT s.name, s.reset_val::float8 AS ms,
       (SELECT CASE WHEN r.setrole = 0 THEN 'database' WHEN r.setdatabase = 0 THEN 'role' ELSE 'both' END
        FROM pg_db_role_setting r CROSS JOIN LATERAL unnest(r.setconfig) c
        WHERE split_part(c, '=', 1) = s.name
          AND (r.setrole = 0 OR r.setrole = (SELECT oid FROM pg_roles WHERE rolname = current_user))
          AND (r.setdatabase = 0 OR r.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))
          AND (r.setrole <> 0 OR r.setdatabase <> 0)
        ORDER BY r.setrole <> 0 DESC, r.setdatabase <> 0 DESC LIMIT 1) AS set_for
FROM pg_settings s
WHERE s.name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')
ORDER BY s.name;
