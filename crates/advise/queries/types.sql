-- The names of types. $1: their OIDs, in order.
SELECT format_type(t.oid, NULL) FROM unnest($1::oid[]) WITH ORDINALITY t(oid, place) ORDER BY place
