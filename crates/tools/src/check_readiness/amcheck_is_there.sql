SELECT 1 FROM pg_available_extensions e WHERE e.name = 'amcheck'
