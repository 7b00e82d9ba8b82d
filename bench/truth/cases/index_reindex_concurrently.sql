-- in_transaction: no
REINDEX INDEX CONCURRENTLY order_items_order;
REINDEX TABLE CONCURRENTLY billing.payments;
