-- Extensions that are older than what the server's machine has.
SELECT quote_ident(e.extname) AS name, e.extversion AS version, a.default_version AS newest, count(*) OVER () AS total
FROM pg_extension e
JOIN pg_available_extensions a ON a.name = e.extname
WHERE a.default_version <> e.extversion
ORDER BY e.extname LIMIT 100;
