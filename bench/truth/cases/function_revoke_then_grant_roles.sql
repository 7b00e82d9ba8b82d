-- in_transaction: yes
REVOKE EXECUTE ON FUNCTION customer_label(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customer_label(int) TO app_ro, app_rw;
