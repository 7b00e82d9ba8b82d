-- howdah watch: texts of statements, by their ids.
SELECT DISTINCT ON (s.queryid) s.queryid, left(s.query, 10000) AS text
FROM {statements}.pg_stat_statements s
WHERE s.queryid = ANY ($1::bigint[]) AND s.dbid = $2::oid;
