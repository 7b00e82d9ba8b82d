-- in_transaction: no
CREATE INDEX CONCURRENTLY orders_month ON orders (date_trunc('month', shipped_at AT TIME ZONE 'UTC'));
CREATE INDEX CONCURRENTLY sessions_month ON sessions (date_trunc('month', expires_at));
