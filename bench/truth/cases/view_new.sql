-- in_transaction: yes
CREATE VIEW recent_orders AS SELECT * FROM orders WHERE placed_at > now() - interval '7 days';
GRANT SELECT ON recent_orders TO app_ro;
