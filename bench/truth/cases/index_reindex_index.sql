-- in_transaction: no
REINDEX INDEX order_items_order;
