-- in_transaction: yes
REVOKE EXECUTE ON FUNCTION customer_label(int) FROM PUBLIC;
