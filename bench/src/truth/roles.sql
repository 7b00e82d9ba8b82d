-- The owner of everything, who runs the scripts, and the ordinary clients.
-- Where the two end in a deadlock, it is the client that gives way: it tries again.
CREATE ROLE deploy LOGIN;
CREATE ROLE app_rw LOGIN;
CREATE ROLE app_ro LOGIN;
ALTER ROLE deploy SET deadlock_timeout = '20s';
ALTER ROLE app_rw SET deadlock_timeout = '20ms';
