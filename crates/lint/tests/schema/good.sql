-- A shop as the guide and its errata want it. The numbers are mixed so that no column follows from another.
CREATE FUNCTION mixed(i bigint, salt int, n int) RETURNS bigint LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
    AS 'SELECT abs(hashint8(i * 1009 + salt * 7919)::bigint) % n';

CREATE TABLE countries (
    code text PRIMARY KEY CHECK (length(code) = 2),
    name text NOT NULL UNIQUE
);
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL CHECK (email LIKE '%@%'),
    full_name text NOT NULL,
    country_code text NOT NULL REFERENCES countries ON DELETE RESTRICT,
    phone text,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX customers_email_key ON customers (lower(email)) WHERE deleted_at IS NULL;
CREATE INDEX customers_country_idx ON customers (country_code);
CREATE TABLE products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL,
    price numeric(12, 2) NOT NULL CHECK (price >= 0),
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers ON DELETE RESTRICT,
    status text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid', 'sent', 'cancelled')),
    note text,
    placed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_customer_idx ON orders (customer_id, placed_at);
CREATE INDEX orders_open_idx ON orders (placed_at) WHERE status = 'new';
CREATE TABLE order_items (
    order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
    position smallint NOT NULL,
    product_id bigint NOT NULL REFERENCES products ON DELETE RESTRICT,
    quantity int NOT NULL CHECK (quantity > 0),
    unit_price numeric(12, 2) NOT NULL,
    PRIMARY KEY (order_id, position)
);
CREATE INDEX order_items_product_idx ON order_items (product_id);
CREATE TABLE tags (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);
CREATE TABLE product_tags (
    product_id bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    tag_id bigint NOT NULL REFERENCES tags ON DELETE CASCADE,
    PRIMARY KEY (product_id, tag_id)
);
CREATE INDEX product_tags_tag_idx ON product_tags (tag_id);
CREATE TABLE visits (
    id bigint GENERATED ALWAYS AS IDENTITY,
    customer_id bigint REFERENCES customers ON DELETE SET NULL,
    path text NOT NULL,
    visited_at timestamptz NOT NULL,
    PRIMARY KEY (id, visited_at)
) PARTITION BY RANGE (visited_at);
CREATE TABLE visits_2026_01 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE visits_2026_02 PARTITION OF visits FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE INDEX visits_customer_idx ON visits (customer_id) WHERE customer_id IS NOT NULL;

INSERT INTO countries
    SELECT chr(65 + i / 26) || chr(65 + i % 26), 'Country ' || i FROM generate_series(0, 99) i;
INSERT INTO customers (email, full_name, country_code, phone, deleted_at)
    SELECT 'c' || i || '@example.org', 'Name ' || mixed(i, 1, 900),
           (SELECT code FROM countries ORDER BY code OFFSET mixed(i, 2, 100) LIMIT 1),
           CASE WHEN mixed(i, 3, 3) = 0 THEN '+49' || mixed(i, 4, 100000000) END,
           CASE WHEN mixed(i, 5, 20) = 0 THEN now() END
    FROM generate_series(1, 2000) i;
INSERT INTO products (sku, name, price)
    SELECT 'SKU-' || i, 'Product ' || mixed(i, 6, 1500), mixed(i, 7, 10000) / 100.0 FROM generate_series(1, 1500) i;
INSERT INTO orders (customer_id, status, note, placed_at)
    SELECT 1 + mixed(i, 8, 2000), (ARRAY['new', 'paid', 'sent', 'cancelled'])[1 + mixed(i, 9, 4)],
           CASE WHEN mixed(i, 10, 5) = 0 THEN 'Please ring twice, number ' || mixed(i, 11, 500) END,
           timestamptz '2026-01-01' + mixed(i, 12, 5000000) * interval '1 second'
    FROM generate_series(1, 20000) i;
INSERT INTO order_items
    SELECT i, p, 1 + mixed(i * 10 + p, 13, 1500), 1 + mixed(i * 10 + p, 14, 5), mixed(i * 10 + p, 15, 10000) / 100.0
    FROM generate_series(1, 20000) i, generate_series(1, 2) p;
INSERT INTO tags (name) SELECT 'tag ' || i FROM generate_series(1, 50) i;
INSERT INTO product_tags
    SELECT DISTINCT 1 + mixed(i, 16, 1500), 1 + mixed(i, 17, 50) FROM generate_series(1, 3000) i;
INSERT INTO visits (customer_id, path, visited_at)
    SELECT CASE WHEN mixed(i, 18, 2) = 0 THEN 1 + mixed(i, 19, 2000) END, '/products/' || mixed(i, 20, 1500),
           timestamptz '2026-01-01' + mixed(i, 21, 5000000) * interval '1 second'
    FROM generate_series(1, 20000) i;
