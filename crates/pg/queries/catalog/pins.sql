-- Settings for statements of our own, until the end of the transaction. The
-- schemas that the session searches are kept, then only pg_catalog is searched:
-- nothing that a user created can be called by a name or an operator.
-- $1: statement_timeout and $2: lock_timeout, in milliseconds.
SELECT pg_catalog.set_config('howdah.schemas', pg_catalog.current_schemas(true)::pg_catalog.text, true),
       pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
       pg_catalog.set_config('statement_timeout', $1, true),
       pg_catalog.set_config('lock_timeout', $2, true),
       pg_catalog.set_config('standard_conforming_strings', 'on', true),
       pg_catalog.set_config('transform_null_equals', 'off', true),
       pg_catalog.set_config('jit', 'off', true),
       pg_catalog.set_config('quote_all_identifiers', 'off', true),
       pg_catalog.set_config('DateStyle', 'ISO, YMD', true),
       pg_catalog.set_config('IntervalStyle', 'postgres', true),
       pg_catalog.set_config('extra_float_digits', '1', true),
       pg_catalog.set_config('bytea_output', 'hex', true)
/* howdah */;
