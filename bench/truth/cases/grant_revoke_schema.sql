-- in_transaction: yes
REVOKE USAGE ON SCHEMA billing FROM app_ro;
