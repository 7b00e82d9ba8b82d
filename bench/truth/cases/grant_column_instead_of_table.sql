-- in_transaction: yes
REVOKE SELECT ON customers FROM app_ro;
GRANT SELECT (id, email, name) ON customers TO app_ro;
