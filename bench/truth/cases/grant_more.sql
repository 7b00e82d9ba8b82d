-- in_transaction: yes
GRANT INSERT ON billing.payment_log TO app_ro;
GRANT USAGE ON SCHEMA billing TO app_ro;
