-- The lines of pg_hba.conf by which somebody comes over a network without encryption.
SELECT r.line_number, concat_ws(' ', r.type, array_to_string(r.database, ','), array_to_string(r.user_name, ','), r.address, r.auth_method)
FROM pg_hba_file_rules r
WHERE r.error IS NULL AND r.type IN ('host', 'hostnossl') AND r.auth_method <> 'reject'
ORDER BY r.line_number LIMIT 20
