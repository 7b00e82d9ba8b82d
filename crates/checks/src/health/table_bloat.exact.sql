-- What pgstattuple finds in the table $1; pages that VACUUM has marked all-visible are not read.
SELECT $1::oid AS oid, a.dead_tuple_percent + a.approx_free_percent AS percent, a.table_len AS bytes,
       a.dead_tuple_percent AS dead_percent
FROM {pgstattuple}.pgstattuple_approx($1::oid) a;
