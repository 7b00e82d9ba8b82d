-- howdah watch: sessions of clients.
SELECT v.name, v.value::float8 AS value, false AS counts
FROM (SELECT count(*) FILTER (WHERE a.backend_type = 'client backend') AS all,
             count(*) FILTER (WHERE a.datid = $1::oid AND a.state = 'active') AS active,
             count(*) FILTER (WHERE a.datid = $1::oid AND a.state = 'idle') AS idle,
             count(*) FILTER (WHERE a.datid = $1::oid AND a.state LIKE 'idle in transaction%') AS open,
             count(*) FILTER (WHERE a.datid <> $1::oid AND a.state = 'active' AND a.backend_type <> 'walsender') AS elsewhere,
             coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start)) FILTER (WHERE a.datid = $1::oid), 0) AS oldest
      FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid()) s,
     LATERAL (VALUES ('sessions.all', s.all), ('sessions.active', s.active), ('sessions.idle', s.idle),
                     ('sessions.idle_in_transaction', s.open), ('sessions.active_in_other_databases', s.elsewhere),
                     ('sessions.oldest_transaction_s', s.oldest::numeric),
                     ('sessions.max', current_setting('max_connections')::numeric)) v (name, value);
