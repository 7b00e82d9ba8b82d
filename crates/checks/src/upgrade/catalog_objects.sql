-- Views and rules that use what a later version has no more: columns of system catalogs and views, functions, operators.
-- Their definitions are written anew on the new server, and fail there. $1: the major version that it is to become.
WITH gone_columns (relation, name, major) AS (
    VALUES ('pg_stat_ssl', 'compression', 14),
           ('pg_database', 'datlastsysoid', 15),
           ('pg_database', 'daticulocale', 17), ('pg_collation', 'colliculocale', 17),
           ('pg_stat_bgwriter', 'buffers_backend', 17), ('pg_stat_bgwriter', 'buffers_backend_fsync', 17),
           ('pg_stat_bgwriter', 'buffers_checkpoint', 17), ('pg_stat_bgwriter', 'checkpoint_sync_time', 17),
           ('pg_stat_bgwriter', 'checkpoint_write_time', 17), ('pg_stat_bgwriter', 'checkpoints_req', 17),
           ('pg_stat_bgwriter', 'checkpoints_timed', 17),
           ('pg_stat_progress_vacuum', 'max_dead_tuples', 17), ('pg_stat_progress_vacuum', 'num_dead_tuples', 17),
           ('pg_stat_io', 'op_bytes', 18), ('pg_backend_memory_contexts', 'parent', 18), ('pg_attribute', 'attcacheoff', 18),
           ('pg_stat_wal', 'wal_sync', 18), ('pg_stat_wal', 'wal_sync_time', 18), ('pg_stat_wal', 'wal_write', 18),
           ('pg_stat_wal', 'wal_write_time', 18)
), gone_functions (name, major) AS (
    VALUES ('currtid', 14), ('numeric_fac', 14), ('close_lb', 15), ('close_sl', 15), ('dist_bl', 15), ('dist_lb', 15),
           ('path_center', 15), ('pg_backup_start_time', 15), ('pg_is_in_backup', 15), ('pg_start_backup', 15),
           ('pg_stop_backup', 15), ('pg_stat_get_bgwriter_buf_written_checkpoints', 17),
           ('pg_stat_get_bgwriter_requested_checkpoints', 17), ('pg_stat_get_bgwriter_timed_checkpoints', 17),
           ('pg_stat_get_buf_fsync_backend', 17), ('pg_stat_get_buf_written_backend', 17),
           ('pg_stat_get_checkpoint_sync_time', 17), ('pg_stat_get_checkpoint_write_time', 17), ('pg_timezone_abbrevs', 18)
), gone_operators (operator, name, major) AS (
    VALUES (388, '!', 14), (389, '!!', 14), (2860, '@', 14), (2862, '@', 14), (2864, '@', 14), (2866, '@', 14), (2867, '@', 14),
           (2869, '@', 14), (2871, '@', 14), (2873, '@', 14), (2874, '@', 14), (2875, '@', 14), (2876, '@', 14),
           (2861, '~', 14), (2863, '~', 14), (2865, '~', 14), (2868, '~', 14), (2870, '~', 14), (2872, '~', 14), (2877, '~', 14),
           (970, '@@', 15), (1382, '<->', 15), (1524, '<->', 15), (1566, '##', 15), (1568, '##', 15)
), ours AS (
    SELECT r.oid, r.ev_class, r.ev_action::text AS tree
    FROM pg_rewrite r
    JOIN pg_class c ON c.oid = r.ev_class
    WHERE r.oid >= 16384 AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
), used AS (
    -- The dependency of a rule on a column of a system view is recorded.
    SELECT o.ev_class, format('the column %s of %s', g.name, g.relation) AS what, g.major, true AS is_sure
    FROM gone_columns g
    JOIN pg_class s ON s.relname = g.relation AND s.relnamespace = 'pg_catalog'::regnamespace
    JOIN pg_attribute a ON a.attrelid = s.oid AND a.attname = g.name AND NOT a.attisdropped
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
                    AND d.refobjsubid = a.attnum
    JOIN ours o ON o.oid = d.objid
    UNION
    -- On one of a catalog it is not: there the names have to do.
    SELECT o.ev_class, format('the column %s of %s', g.name, g.relation), g.major, false
    FROM gone_columns g
    JOIN pg_class s ON s.relname = g.relation AND s.relnamespace = 'pg_catalog'::regnamespace AND s.relkind = 'r'
    JOIN pg_attribute a ON a.attrelid = s.oid AND a.attname = g.name AND NOT a.attisdropped
    JOIN ours o ON o.tree LIKE '%:relid ' || s.oid || ' %' AND pg_get_ruledef(o.oid) ~ ('\m' || g.name || '\M')
    UNION
    SELECT o.ev_class, format('the function %s', p.oid::regprocedure), g.major, true
    FROM gone_functions g
    JOIN pg_proc p ON p.proname = g.name AND p.pronamespace = 'pg_catalog'::regnamespace AND p.oid < 16384
    JOIN ours o ON o.tree LIKE '%:funcid ' || p.oid || ' %'
    UNION
    SELECT o.ev_class, format('the operator %s', p.oid::regoperator), g.major, true
    FROM gone_operators g
    JOIN pg_operator p ON p.oid = g.operator AND p.oprname = g.name
    JOIN ours o ON o.tree LIKE '%:opno ' || p.oid || ' %'
)
SELECT format('%I.%I', n.nspname, c.relname) AS relation, c.relkind AS kind, u.what, u.major, u.is_sure, count(*) OVER () AS total
FROM used u
JOIN pg_class c ON c.oid = u.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE u.major <= $1::float8
ORDER BY u.is_sure DESC, 1, u.what LIMIT 100;
