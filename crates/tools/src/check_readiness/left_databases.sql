-- The databases of drills that were ended before they could drop them.
SELECT d.datname FROM pg_database d WHERE d.datname ~ '^howdah_drill_[0-9]+$' ORDER BY 1
