-- The sample shop of `howdah demo`: about a million rows, skewed the way real
-- shops are (few customers place most orders, few products sell), the same on
-- every run.
SET statement_timeout = 0;
CREATE SCHEMA shop;
COMMENT ON SCHEMA shop IS 'Sample shop of howdah demo';
SET search_path = shop;
SELECT setseed(0.42);

CREATE TYPE order_status AS ENUM ('open', 'paid', 'shipped', 'returned', 'cancelled');
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%_@_%');

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email email NOT NULL,
    name text NOT NULL,
    country char(2) NOT NULL,
    preferences jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX customers_email_key ON customers (lower(email)) WHERE deleted_at IS NULL;
COMMENT ON COLUMN customers.deleted_at IS 'Soft delete: set when the customer left';

CREATE TABLE products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL,
    tags text[] NOT NULL DEFAULT '{}',
    price numeric(10, 2) NOT NULL CHECK (price > 0)
);

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL,
    status order_status NOT NULL DEFAULT 'open',
    placed_at timestamptz NOT NULL,
    note text
);

CREATE TABLE order_items (
    order_id bigint NOT NULL,
    line int NOT NULL,
    product_id bigint NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    unit_price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    customer_id bigint NOT NULL,
    kind text NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE events_2026_q1 PARTITION OF events FOR VALUES FROM ('2026-01-01Z') TO ('2026-04-01Z');
CREATE TABLE events_2026_q2 PARTITION OF events FOR VALUES FROM ('2026-04-01Z') TO ('2026-07-01Z');
CREATE TABLE events_2026_q3 PARTITION OF events FOR VALUES FROM ('2026-07-01Z') TO ('2026-10-01Z');

INSERT INTO customers (email, name, country, preferences, created_at, deleted_at)
SELECT 'customer' || n || '@example.com',
    (ARRAY['Ada', 'Grace', 'Edgar', 'Barbara', 'Ken', 'Radia', 'Donald', 'Frances'])[1 + n % 8] || ' ' || n,
    (ARRAY['DE', 'DE', 'DE', 'FR', 'FR', 'US', 'IN', 'BR'])[1 + floor(random() * 8)::int],
    jsonb_build_object('newsletter', random() < 0.3, 'theme', CASE WHEN random() < 0.8 THEN 'light' ELSE 'dark' END),
    timestamptz '2024-01-01Z' + random() * interval '900 days',
    CASE WHEN random() < 0.05 THEN timestamptz '2026-09-01Z' END
FROM generate_series(1, 60000) AS n;

INSERT INTO products (sku, name, tags, price)
SELECT 'SKU-' || lpad(n::text, 5, '0'), 'Product ' || n,
    ARRAY[(ARRAY['book', 'tool', 'toy', 'garden'])[1 + n % 4]] || CASE WHEN n % 10 = 0 THEN '{sale}'::text[] ELSE '{}' END,
    (5 + floor(random() * 20000) / 100)::numeric(10, 2)
FROM generate_series(1, 2000) AS n;

-- power(random(), 3) puts half of all orders on an eighth of the customers.
INSERT INTO orders (customer_id, status, placed_at, note)
SELECT 1 + floor(power(random(), 3) * 60000)::bigint,
    (CASE WHEN r < 0.02 THEN 'open' WHEN r < 0.1 THEN 'paid' WHEN r < 0.95 THEN 'shipped'
          WHEN r < 0.98 THEN 'returned' ELSE 'cancelled' END)::order_status,
    timestamptz '2025-01-01Z' + n * interval '4 minutes',
    CASE WHEN random() < 0.02 THEN 'Please ring twice' END
FROM (SELECT n, random() AS r FROM generate_series(1, 220000) AS n) AS numbered;

INSERT INTO order_items (order_id, line, product_id, quantity, unit_price)
SELECT o.id, line, p.id, 1 + floor(random() * 4)::int, p.price
FROM orders AS o
    CROSS JOIN LATERAL generate_series(1, 1 + (o.id % 5)::int) AS line
    CROSS JOIN LATERAL (SELECT 1 + floor(power(random(), 2) * 2000)::bigint + 0 * line AS product_id) AS pick
    JOIN products AS p ON p.id = pick.product_id;

INSERT INTO events (at, customer_id, kind, detail)
SELECT timestamptz '2026-01-01Z' + random() * interval '272 days',
    1 + floor(power(random(), 3) * 60000)::bigint,
    (ARRAY['view', 'view', 'view', 'search', 'cart'])[1 + floor(random() * 5)::int],
    jsonb_build_object('ms', floor(random() * 900), 'path', '/p/' || floor(random() * 2000)::int)
FROM generate_series(1, 150000) AS n;

ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE RESTRICT;
ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE;
ALTER TABLE order_items ADD FOREIGN KEY (product_id) REFERENCES products ON DELETE RESTRICT;

CREATE VIEW revenue_by_month AS
SELECT date_trunc('month', o.placed_at) AS month, count(DISTINCT o.id) AS orders,
    sum(i.quantity * i.unit_price) AS revenue
FROM orders AS o JOIN order_items AS i ON i.order_id = o.id
WHERE o.status <> 'cancelled'
GROUP BY 1;

-- The trap of the tour: a harmless-looking view over a function that deletes.
CREATE FUNCTION tidy() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM shop.orders WHERE status = 'cancelled';
    RETURN 1;
END $$;
CREATE VIEW open_orders AS SELECT id, customer_id, placed_at FROM orders WHERE status = 'open' AND shop.tidy() = 1;

RESET search_path;
VACUUM ANALYZE;
