-- in_transaction: yes
REVOKE INSERT, UPDATE ON orders FROM app_rw;
