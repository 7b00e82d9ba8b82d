-- howdah watch: sessions at work. A WAL sender counts as active for as long as it is connected, and is not at work for anybody.
SELECT coalesce(a.wait_event_type || ':' || a.wait_event, 'CPU') AS wait,
       a.query_id, --since 14
       NULL::bigint AS query_id, --before 14
       CASE WHEN a.query_id IS NULL THEN left(a.query, 4000) END AS text, --since 14
       left(a.query, 4000) AS text, --before 14
       coalesce(a.usename, '') AS role,
       count(*) AS count
FROM pg_stat_activity a
WHERE a.state = 'active' AND a.datid = $1::oid AND a.pid <> pg_backend_pid() AND a.backend_type <> 'walsender'
GROUP BY 1, 2, 3, 4;
