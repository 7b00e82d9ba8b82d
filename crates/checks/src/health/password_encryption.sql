-- How passwords are stored.
SELECT s.reset_val AS value FROM pg_settings s WHERE s.name = 'password_encryption';
