-- howdah watch: the age of the oldest transaction and multixact ids.
SELECT v.name, v.value::float8 AS value, false AS counts
FROM pg_database d,
     LATERAL (VALUES ('wraparound.transaction_age', age(d.datfrozenxid)),
                     ('wraparound.multixact_age', mxid_age(d.datminmxid))) v (name, value)
WHERE d.oid = $1::oid;
