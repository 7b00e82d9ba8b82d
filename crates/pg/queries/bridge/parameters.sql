SELECT name, pg_catalog.current_setting(name) AS value
FROM pg_catalog.unnest(ARRAY[
    'server_version', 'server_encoding', 'client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone',
    'is_superuser', 'session_authorization', 'standard_conforming_strings', 'integer_datetimes'
]) AS name
