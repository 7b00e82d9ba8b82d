-- An application of fifteen tables with skew: a few tenants own most rows. Everything follows from row numbers
-- and seeds, so that two loads are the same. {scale} is the share of the rows, as N / 100.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- A number from 0 to n - 1 for a row and a seed.
CREATE FUNCTION pick(i bigint, seed bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(i, seed) & 9223372036854775807) % n;
-- The same, with the small numbers by far the most frequent.
CREATE FUNCTION skewed(i bigint, seed bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(n * power(pick(i, seed, 1000003) / 1000003.0, 3))::bigint;

CREATE TABLE tenants (id int PRIMARY KEY, name text NOT NULL, plan text NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO tenants SELECT i, 'tenant ' || i, (ARRAY['free', 'free', 'pro', 'enterprise'])[1 + pick(i, 1, 4)],
    timestamptz '2020-01-01 00:00+00' + i * interval '8 hours' FROM generate_series(1, 2000) i;

CREATE TABLE users (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, email text NOT NULL, name text NOT NULL,
    role text NOT NULL, is_vip boolean NOT NULL, prefs jsonb NOT NULL, last_login timestamptz, created_at timestamptz NOT NULL, deleted_at timestamptz);
INSERT INTO users SELECT i, 1 + skewed(i, 2, 2000), 'User' || i || '@example' || pick(i, 3, 50) || '.com', 'Name ' || substr(md5(i::text), 1, 12),
    (ARRAY['member', 'member', 'member', 'admin', 'guest'])[1 + pick(i, 4, 5)], pick(i, 5, 200) = 0,
    jsonb_build_object('theme', (ARRAY['dark', 'light'])[1 + pick(i, 6, 2)], 'lang', 'l' || pick(i, 7, 40), 'beta', pick(i, 8, 100) = 0),
    timestamptz '2025-01-01 00:00+00' - pick(i, 9, 300) * interval '1 day', timestamptz '2021-01-01 00:00+00' + i * interval '8 minutes',
    CASE WHEN pick(i, 10, 10) = 0 THEN timestamptz '2024-06-01 00:00+00' END
FROM generate_series(1, 200000 * {scale}) i;

CREATE TABLE categories (id int PRIMARY KEY, parent_id int, name text NOT NULL);
INSERT INTO categories SELECT i, nullif(i / 10, 0), 'category ' || i FROM generate_series(1, 500) i;

CREATE TABLE products (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, category_id int NOT NULL REFERENCES categories, sku text NOT NULL,
    name text NOT NULL, price numeric(10, 2) NOT NULL, tags text[] NOT NULL, attrs jsonb NOT NULL, active boolean NOT NULL, updated_at timestamptz NOT NULL);
INSERT INTO products SELECT i, 1 + skewed(i, 11, 2000), 1 + pick(i, 12, 500), 'SKU-' || lpad(pick(i, 13, 900000)::text, 6, '0') || '-' || i,
    (ARRAY['red', 'blue', 'green', 'solid', 'light', 'large'])[1 + pick(i, 14, 6)] || ' ' || substr(md5((i + 7)::text), 1, 8) || ' ' || (ARRAY['chair', 'table', 'lamp', 'desk', 'shelf'])[1 + pick(i, 15, 5)],
    pick(i, 16, 100000) / 100.0, ARRAY['t' || skewed(i, 17, 300), 't' || pick(i, 18, 300)],
    jsonb_build_object('color', 'c' || pick(i, 19, 300), 'size', pick(i, 20, 20), 'vendor', 'v' || pick(i, 21, 2000)), pick(i, 22, 20) <> 0,
    timestamptz '2023-01-01 00:00+00' + pick(i, 23, 700) * interval '1 day'
FROM generate_series(1, 120000 * {scale}) i;

CREATE TABLE orders (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, user_id int NOT NULL REFERENCES users, number text NOT NULL,
    status text NOT NULL, total numeric(12, 2) NOT NULL, note text, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz);
INSERT INTO orders SELECT i, 1 + skewed(i, 24, 2000), 1 + pick(i, 25, 200000 * {scale}), 'ORD-' || lpad(i::text, 9, '0'),
    (ARRAY['done', 'done', 'done', 'done', 'done', 'done', 'shipped', 'paid', 'cancelled'])[1 + pick(i, 26, 9)],
    pick(i, 27, 1000000) / 100.0, CASE WHEN pick(i, 28, 5) = 0 THEN 'note ' || md5(i::text) END,
    timestamptz '2023-01-01 00:00+00' + i * interval '100 seconds', timestamptz '2023-01-01 00:00+00' + i * interval '101 seconds',
    CASE WHEN pick(i, 29, 20) = 0 THEN timestamptz '2024-06-01 00:00+00' END
FROM generate_series(1, 600000 * {scale}) i;
UPDATE orders SET status = 'pending' WHERE id % 150 = 0;

CREATE TABLE order_items (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders, product_id int NOT NULL REFERENCES products, quantity int NOT NULL, price numeric(10, 2) NOT NULL);
INSERT INTO order_items SELECT i, 1 + (i - 1) / 2, 1 + skewed(i, 30, 120000 * {scale}), 1 + pick(i, 31, 9), pick(i, 32, 100000) / 100.0
FROM generate_series(1, 1200000 * {scale}) i;

CREATE TABLE payments (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders, provider_ref text NOT NULL, state text NOT NULL, amount numeric(12, 2) NOT NULL, paid_at timestamptz);
INSERT INTO payments SELECT i, i, md5('pay' || i), CASE WHEN pick(i, 33, 100) = 0 THEN 'failed' ELSE 'captured' END, pick(i, 34, 1000000) / 100.0,
    timestamptz '2023-01-01 00:00+00' + i * interval '100 seconds'
FROM generate_series(1, 400000 * {scale}) i;

CREATE TABLE events (id bigint PRIMARY KEY, tenant_id int NOT NULL, user_id int NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, payload jsonb NOT NULL);
INSERT INTO events SELECT i, 1 + skewed(i, 35, 2000), 1 + skewed(i, 36, 200000 * {scale}), (ARRAY['view', 'view', 'view', 'click', 'click', 'login', 'purchase', 'error'])[1 + least(pick(i, 37, 8), pick(i, 38, 60))],
    timestamptz '2024-01-01 00:00+00' + i * interval '30 seconds',
    jsonb_build_object('page', 'p' || skewed(i, 39, 500), 'ref', 'r' || pick(i, 40, 100000), 'ms', pick(i, 41, 3000))
FROM generate_series(1, 1000000 * {scale}) i;

CREATE TABLE messages (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, sender_id int NOT NULL, recipient_id int NOT NULL, body text NOT NULL, sent_at timestamptz NOT NULL, read_at timestamptz);
INSERT INTO messages SELECT i, 1 + skewed(i, 42, 2000), 1 + pick(i, 43, 200000 * {scale}), 1 + skewed(i, 44, 200000 * {scale}),
    'hello ' || md5(i::text) || ' ' || md5((i + 1)::text), timestamptz '2024-01-01 00:00+00' + i * interval '60 seconds',
    CASE WHEN pick(i, 45, 25) <> 0 THEN timestamptz '2025-01-01 00:00+00' END
FROM generate_series(1, 400000 * {scale}) i;

CREATE TABLE tickets (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, assignee_id int, status text NOT NULL, priority int NOT NULL, subject text NOT NULL,
    search tsvector NOT NULL, created_at timestamptz NOT NULL, deleted_at timestamptz);
INSERT INTO tickets SELECT i, 1 + skewed(i, 46, 2000), nullif(pick(i, 47, 3000), 0), (ARRAY['closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'open', 'waiting'])[1 + pick(i, 48, 9)],
    1 + pick(i, 49, 5), 'w' || pick(i, 50, 5000) || ' w' || skewed(i, 51, 5000) || ' w' || pick(i, 52, 5000),
    to_tsvector('simple', 'w' || pick(i, 50, 5000) || ' w' || skewed(i, 51, 5000) || ' w' || pick(i, 52, 5000)),
    timestamptz '2023-06-01 00:00+00' + i * interval '5 minutes', CASE WHEN pick(i, 53, 15) = 0 THEN timestamptz '2024-06-01 00:00+00' END
FROM generate_series(1, 150000 * {scale}) i;

CREATE TABLE comments (id int PRIMARY KEY, ticket_id int NOT NULL REFERENCES tickets ON DELETE CASCADE, author_id int NOT NULL REFERENCES users, body text NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO comments SELECT i, 1 + skewed(i, 54, 150000 * {scale}), 1 + pick(i, 55, 200000 * {scale}), 'comment ' || md5(i::text), timestamptz '2023-06-01 00:00+00' + i * interval '2 minutes'
FROM generate_series(1, 400000 * {scale}) i;

CREATE TABLE jobs (id int PRIMARY KEY, queue text NOT NULL, state text NOT NULL, run_at timestamptz NOT NULL, attempts int NOT NULL, payload text NOT NULL, locked_by text);
INSERT INTO jobs SELECT i, 'q' || skewed(i, 56, 8), CASE WHEN i % 100 = 0 THEN 'ready' WHEN i % 500 = 1 THEN 'failed' ELSE 'done' END,
    timestamptz '2024-01-01 00:00+00' + i * interval '90 seconds', 0, md5(i::text), NULL
FROM generate_series(1, 300000 * {scale}) i;

CREATE TABLE sessions (id int PRIMARY KEY, token text NOT NULL, user_id int NOT NULL REFERENCES users, expires_at timestamptz NOT NULL, hits int NOT NULL);
INSERT INTO sessions SELECT i, md5('session' || i) || md5('token' || i), 1 + skewed(i, 57, 200000 * {scale}), timestamptz '2025-01-01 00:00+00' + pick(i, 58, 2000) * interval '1 hour', 0
FROM generate_series(1, 200000 * {scale}) i;

CREATE TABLE audit_log (id bigint PRIMARY KEY, tenant_id int NOT NULL, actor_id int NOT NULL, object_type text NOT NULL, object_id int NOT NULL, action text NOT NULL, at timestamptz NOT NULL);
INSERT INTO audit_log SELECT i, 1 + skewed(i, 59, 2000), 1 + pick(i, 60, 200000 * {scale}), (ARRAY['order', 'user', 'product', 'ticket'])[1 + pick(i, 61, 4)], 1 + pick(i, 62, 100000 * {scale}),
    (ARRAY['create', 'update', 'delete'])[1 + pick(i, 63, 3)], timestamptz '2024-01-01 00:00+00' + i * interval '60 seconds'
FROM generate_series(1, 500000 * {scale}) i;

CREATE TABLE invoices (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, number text NOT NULL, status text NOT NULL, due_on date NOT NULL, total numeric(12, 2) NOT NULL);
INSERT INTO invoices SELECT i, 1 + skewed(i, 64, 2000), 'INV-' || lpad(i::text, 8, '0'), (ARRAY['paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'open'])[1 + pick(i, 65, 10)],
    date '2023-01-01' + pick(i, 66, 900)::int, pick(i, 67, 1000000) / 100.0
FROM generate_series(1, 150000 * {scale}) i;

CREATE VIEW live_orders AS SELECT id, tenant_id, user_id, number, status, total, created_at FROM orders WHERE deleted_at IS NULL;
