-- in_transaction: yes
REVOKE ALL ON plans FROM app_rw;
GRANT SELECT, INSERT, UPDATE, DELETE ON plans TO app_rw;
