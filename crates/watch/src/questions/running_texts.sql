-- howdah watch: texts of statements that run, by their ids.
SELECT DISTINCT ON (a.query_id) a.query_id, left(a.query, 10000) AS text
FROM pg_stat_activity a
WHERE a.query_id = ANY ($1::bigint[]) AND a.state = 'active' AND a.datid = $2::oid;
