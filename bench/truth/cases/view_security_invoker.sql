-- in_transaction: yes
ALTER VIEW billing.revenue SET (security_invoker = true);
