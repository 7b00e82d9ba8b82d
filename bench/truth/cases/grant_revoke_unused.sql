-- in_transaction: yes
REVOKE TRUNCATE ON orders FROM app_rw;
