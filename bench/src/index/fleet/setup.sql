-- Devices that many organisations run: measurements by month, alerts, commands in a queue, visits of technicians. A few
-- organisations own most of it. Everything follows from row numbers and seeds. {scale} is the share of the rows, as N / 100.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE FUNCTION pick(i bigint, seed bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(i, seed) & 9223372036854775807) % n;
CREATE FUNCTION skewed(i bigint, seed bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(n * power(pick(i, seed, 1000003) / 1000003.0, 3))::bigint;

CREATE TABLE organisations (id int PRIMARY KEY, slug text NOT NULL UNIQUE, plan text NOT NULL, parent_id int);
INSERT INTO organisations SELECT i, 'org-' || i, (ARRAY['basic', 'basic', 'plus', 'max'])[1 + pick(i, 1, 4)], CASE WHEN i > 20 AND pick(i, 2, 3) = 0 THEN 1 + pick(i, 3, 20) END
FROM generate_series(1, 1500) i;

CREATE TABLE sites (id int PRIMARY KEY, organisation_id int NOT NULL REFERENCES organisations, name text NOT NULL, postcode varchar(10) NOT NULL,
    latitude float8 NOT NULL, longitude float8 NOT NULL, closed_at timestamptz);
INSERT INTO sites SELECT i, 1 + skewed(i, 4, 1500), initcap(substr(md5(i::text), 1, 9)) || ' ' || (ARRAY['Plant', 'Depot', 'Office', 'Yard'])[1 + pick(i, 5, 4)],
    lpad(pick(i, 6, 90000)::text, 5, '0'), pick(i, 7, 18000) / 100.0 - 90, pick(i, 8, 36000) / 100.0 - 180, CASE WHEN pick(i, 9, 12) = 0 THEN timestamptz '2024-03-01 00:00+00' END
FROM generate_series(1, 20000) i;

CREATE TABLE devices (id int PRIMARY KEY, site_id int NOT NULL REFERENCES sites, organisation_id int NOT NULL REFERENCES organisations, serial text NOT NULL,
    kind text NOT NULL, state text NOT NULL, firmware text NOT NULL, labels jsonb NOT NULL, groups int[] NOT NULL, address inet, last_seen timestamptz NOT NULL,
    created_at timestamptz NOT NULL, retired_at timestamptz);
INSERT INTO devices SELECT i, 1 + pick(i, 10, 20000), 1 + skewed(i, 11, 1500), 'SN' || upper(substr(md5(i::text), 1, 10)),
    (ARRAY['sensor', 'sensor', 'sensor', 'sensor', 'gateway', 'meter', 'camera'])[1 + pick(i, 12, 7)],
    CASE pick(i, 13, 100) WHEN 0 THEN 'faulty' WHEN 1 THEN 'offline' WHEN 2 THEN 'offline' ELSE 'online' END, '1.' || skewed(i, 14, 40) || '.' || pick(i, 15, 9),
    jsonb_build_object('room', 'r' || pick(i, 16, 4000), 'floor', pick(i, 17, 30), 'owner', 'o' || skewed(i, 18, 900)) ||
      CASE WHEN pick(i, 19, 200) = 0 THEN '{"pinned": true}'::jsonb ELSE '{}' END,
    ARRAY[skewed(i, 20, 500)::int, pick(i, 21, 500)::int], ('10.' || pick(i, 22, 200) || '.' || pick(i, 23, 250) || '.' || pick(i, 24, 250))::inet,
    timestamptz '2025-03-01 00:00+00' - skewed(i, 25, 500000) * interval '1 minute', timestamptz '2022-01-01 00:00+00' + i * interval '7 minutes',
    CASE WHEN pick(i, 26, 8) = 0 THEN timestamptz '2024-09-01 00:00+00' END
FROM generate_series(1, 150000 * {scale}) i;

CREATE TABLE readings (device_id int NOT NULL, metric smallint NOT NULL, at timestamptz NOT NULL, value float8 NOT NULL, quality smallint NOT NULL) PARTITION BY RANGE (at);
DO $$ DECLARE m timestamp; BEGIN
    FOR m IN SELECT timestamp '2024-09-01' + n * interval '1 month' FROM generate_series(0, 5) n LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF readings FOR VALUES FROM (%L) TO (%L)', 'readings_' || to_char(m, 'YYYY_MM'), m || '+00', m + interval '1 month' || '+00');
    END LOOP;
END $$;
INSERT INTO readings SELECT 1 + skewed(i, 27, 150000 * {scale}), 1 + pick(i, 28, 6), timestamptz '2024-09-01 00:00+00' + i * interval '180 days' / (2400000 * {scale}),
    pick(i, 29, 100000) / 100.0, CASE WHEN pick(i, 30, 150) = 0 THEN 3 ELSE 0 END
FROM generate_series(1, 2400000 * {scale}) i;

CREATE TABLE alerts (id bigint PRIMARY KEY, device_id int NOT NULL REFERENCES devices, organisation_id int NOT NULL, severity smallint NOT NULL, code text NOT NULL,
    message text NOT NULL, words tsvector NOT NULL, raised_at timestamptz NOT NULL, acknowledged_by int, resolved_at timestamptz);
INSERT INTO alerts SELECT i, 1 + skewed(i, 31, 150000 * {scale}), 1 + skewed(i, 32, 1500), pick(i, 33, 5), 'E' || lpad(skewed(i, 34, 400)::text, 4, '0'), m.message,
    to_tsvector('simple', m.message), timestamptz '2023-06-01 00:00+00' + i * interval '90 seconds', CASE WHEN pick(i, 35, 3) > 0 THEN pick(i, 36, 3000) END,
    CASE WHEN pick(i, 37, 70) > 0 THEN timestamptz '2025-01-01 00:00+00' END
FROM generate_series(1, 500000 * {scale}) i CROSS JOIN LATERAL (SELECT (ARRAY['battery', 'voltage', 'signal', 'temperature', 'pressure'])[1 + pick(i, 38, 5)] || ' ' ||
    (ARRAY['low', 'high', 'lost', 'unstable'])[1 + pick(i, 39, 4)] || ' near ' || substr(md5((i % 40000)::text), 1, 8)) m(message);

CREATE TABLE commands (id bigint PRIMARY KEY, device_id int NOT NULL, status text NOT NULL, priority smallint NOT NULL, not_before timestamptz NOT NULL, attempts int NOT NULL,
    payload json NOT NULL, finished_at timestamptz);
INSERT INTO commands SELECT i, 1 + pick(i, 40, 150000 * {scale}), CASE pick(i, 41, 300) WHEN 0 THEN 'queued' WHEN 1 THEN 'queued' WHEN 2 THEN 'failed' ELSE 'done' END, pick(i, 42, 4),
    timestamptz '2024-06-01 00:00+00' + i * interval '30 seconds', 1, '{"set": 1}', timestamptz '2025-01-01 00:00+00'
FROM generate_series(1, 400000 * {scale}) i;

CREATE TABLE technicians (id int PRIMARY KEY, organisation_id int NOT NULL, email text NOT NULL, name text NOT NULL, skills text[] NOT NULL, deleted boolean NOT NULL);
INSERT INTO technicians SELECT i, 1 + skewed(i, 43, 1500), 'Tech.' || i || '@Fleet' || pick(i, 44, 30) || '.example', 'T ' || md5(i::text), ARRAY['s' || pick(i, 45, 60), 's' || pick(i, 46, 60)], pick(i, 47, 15) = 0
FROM generate_series(1, 40000 * {scale}) i;

CREATE TABLE visits (id int PRIMARY KEY, technician_id int NOT NULL REFERENCES technicians, site_id int NOT NULL REFERENCES sites, during tstzrange NOT NULL, status text NOT NULL, cost numeric(10, 2), report text);
INSERT INTO visits SELECT i, 1 + pick(i, 48, 40000 * {scale}), 1 + pick(i, 49, 20000), tstzrange(s.at, s.at + interval '3 hours'),
    (ARRAY['done', 'done', 'done', 'done', 'done', 'done', 'done', 'planned', 'cancelled'])[1 + pick(i, 50, 9)], pick(i, 51, 50000) / 100.0, repeat('replaced the part and tested it. ', 4)
FROM generate_series(1, 250000 * {scale}) i CROSS JOIN LATERAL (SELECT timestamptz '2023-01-01 00:00+00' + pick(i, 52, 1100000) * interval '1 minute') s(at);

CREATE TABLE bills (id int PRIMARY KEY, organisation_id int NOT NULL REFERENCES organisations, period date NOT NULL, number varchar(20) NOT NULL, state text NOT NULL, amount numeric(12, 2) NOT NULL, paid_on date);
INSERT INTO bills SELECT i, 1 + skewed(i, 53, 1500), date '2020-01-01' + (pick(i, 54, 62) * interval '1 month'), 'B-' || lpad(i::text, 8, '0'), CASE WHEN pick(i, 55, 25) = 0 THEN 'due' ELSE 'paid' END,
    pick(i, 56, 900000) / 100.0, CASE WHEN pick(i, 55, 25) > 0 THEN date '2025-01-01' END
FROM generate_series(1, 120000 * {scale}) i;

CREATE VIEW active_devices AS SELECT d.id, d.site_id, d.organisation_id, d.serial, d.kind, d.state, d.last_seen, s.name AS site FROM devices d JOIN sites s ON s.id = d.site_id WHERE d.retired_at IS NULL;
