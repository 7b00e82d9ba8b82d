-- Subscriptions of this database, which follow another server.
SELECT quote_ident(s.subname) AS name, s.subenabled AS is_enabled, 0 AS unready --before 17
SELECT quote_ident(s.subname) AS name, s.subenabled AS is_enabled, --since 17
       (SELECT count(*) FROM pg_subscription_rel r WHERE r.srsubid = s.oid AND r.srsubstate NOT IN ('i', 'r')) AS unready --since 17
     , count(*) OVER () AS total
FROM pg_subscription s
WHERE s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
ORDER BY 1 LIMIT 100;
