-- in_transaction: no
VACUUM FULL order_items;
