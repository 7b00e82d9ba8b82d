-- Clients that came over a network without encryption.
SELECT quote_ident(a.usename) AS role, coalesce(nullif(a.application_name, ''), '(no name)') AS application,
       host(a.client_addr) AS address, family(a.client_addr) = 4 AND a.client_addr << '127.0.0.0/8' OR a.client_addr = '::1' AS is_local,
       count(*) AS sessions
FROM pg_stat_activity a
JOIN pg_stat_ssl s ON s.pid = a.pid
WHERE a.client_addr IS NOT NULL AND NOT s.ssl AND a.backend_type IN ('client backend', 'walsender') AND a.pid <> pg_backend_pid()
GROUP BY 1, 2, 3, 4
ORDER BY 5 DESC, 1, 2, 3 LIMIT 100;
