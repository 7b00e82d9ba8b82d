-- Whose session it is, what it is about, and its statement in a line.
SELECT coalesce('a session of ' || quote_ident(a.usename) || coalesce(' in ' || quote_ident(a.datname), ''), a.backend_type),
       coalesce(', ' || a.state, ''),
       left(regexp_replace(coalesce(a.query, ''), '\s+', ' ', 'g'), 200)
FROM pg_catalog.pg_stat_activity a
WHERE a.pid = $1::int AND ($2::timestamptz IS NULL OR a.backend_start = $2::timestamptz)
