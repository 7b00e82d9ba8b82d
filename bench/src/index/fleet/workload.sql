-- name: device_by_serial weight: 40
SELECT id, state, firmware FROM devices WHERE serial = {serial};
-- name: devices_of_site weight: 15
SELECT id, serial, state FROM active_devices WHERE site_id = {site} ORDER BY serial;
-- name: device_page weight: 12
SELECT id, serial, kind, last_seen FROM devices WHERE organisation_id = {organisation} AND retired_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 50;
-- name: device_page_next weight: 6
SELECT id, serial, kind FROM devices WHERE organisation_id = {organisation} AND retired_at IS NULL AND (created_at, id) < ('2023-06-01', 90000) ORDER BY created_at DESC, id DESC LIMIT 50;
-- name: serial_start weight: 8
SELECT id, serial FROM devices WHERE serial LIKE {serial_start} ORDER BY serial LIMIT 20;
-- name: serial_within weight: 3
SELECT id, serial FROM devices WHERE serial ILIKE {serial_part} LIMIT 20;
-- name: devices_in_room weight: 5
SELECT id, serial FROM devices WHERE labels @> '{"room": "{room}"}';
-- name: devices_of_owner weight: 4
SELECT id, serial FROM devices WHERE labels ->> 'owner' = '{owner}' AND retired_at IS NULL ORDER BY id LIMIT 100;
-- name: pinned_devices weight: 2
SELECT id, serial FROM devices WHERE labels ? 'pinned' AND organisation_id = {organisation};
-- name: devices_of_group weight: 5
SELECT id, serial, state FROM devices WHERE groups && ARRAY[{group}] AND retired_at IS NULL LIMIT 200;
-- name: faulty_devices weight: 8
SELECT id, serial, organisation_id, last_seen FROM devices WHERE state = 'faulty' AND retired_at IS NULL ORDER BY last_seen LIMIT 100;
-- name: silent_devices weight: 4
SELECT id, serial FROM devices WHERE last_seen < '2024-04-01' AND state = 'online' AND retired_at IS NULL;
-- name: state_counts weight: 5
SELECT state, count(*), max(last_seen) FROM devices WHERE organisation_id = {organisation} AND retired_at IS NULL GROUP BY state;
-- name: firmware_spread weight: 1
SELECT firmware, count(*) FROM devices WHERE kind = 'gateway' AND retired_at IS NULL GROUP BY firmware ORDER BY 2 DESC LIMIT 10;
-- name: devices_by_network weight: 1
SELECT id, address FROM devices WHERE address >= '10.20.30.0' AND address <= '10.20.30.255' ORDER BY address;
-- name: latest_reading weight: 30
SELECT at, value FROM readings WHERE device_id = {device} AND metric = 2 ORDER BY at DESC LIMIT 1;
-- name: readings_of_day weight: 12
SELECT at, value FROM readings WHERE device_id = {device} AND metric = 1 AND at >= {day}::timestamptz AND at < {day}::timestamptz + interval '7 days' ORDER BY at;
-- name: bad_readings weight: 3
SELECT device_id, at, value FROM readings WHERE quality > 2 AND at >= {day}::timestamptz AND at < {day}::timestamptz + interval '2 days';
-- name: hourly_means weight: 3
SELECT date_trunc('hour', at) AS hour, avg(value) FROM readings WHERE device_id = {device} AND at >= {day}::timestamptz AND at < {day}::timestamptz + interval '30 days' GROUP BY 1 ORDER BY 1;
-- name: latest_each weight: 2
SELECT d.id, r.at, r.value FROM devices d CROSS JOIN LATERAL (SELECT at, value FROM readings WHERE device_id = d.id ORDER BY at DESC LIMIT 1) r WHERE d.organisation_id = {small_organisation} AND d.kind = 'meter';
-- name: open_alerts weight: 20
SELECT id, device_id, severity, code FROM alerts WHERE organisation_id = {organisation} AND resolved_at IS NULL ORDER BY severity DESC, raised_at DESC LIMIT 50;
-- name: open_alert_count weight: 20
SELECT count(*) FROM alerts WHERE organisation_id = {organisation} AND resolved_at IS NULL AND severity >= 3;
-- name: alerts_of_device weight: 12
SELECT id, code, message, raised_at FROM alerts WHERE device_id = {device} ORDER BY raised_at DESC LIMIT 20;
-- name: unacknowledged weight: 4
SELECT a.id, a.code, d.serial FROM alerts a JOIN devices d ON d.id = a.device_id WHERE a.acknowledged_by IS NULL AND a.resolved_at IS NULL AND a.severity = 4 ORDER BY a.raised_at LIMIT 100;
-- name: alert_search weight: 4
SELECT id, message FROM alerts WHERE words @@ to_tsquery('simple', {word}) ORDER BY raised_at DESC LIMIT 30;
-- name: alerts_of_code weight: 4
SELECT count(*), min(raised_at), max(raised_at) FROM alerts WHERE code = {code} AND raised_at >= {since};
-- name: alert_trend weight: 2
SELECT date_trunc('week', raised_at) AS week, count(*) FILTER (WHERE severity >= 3) AS grave, count(*) FROM alerts WHERE organisation_id = {organisation} AND raised_at >= {since} GROUP BY 1 ORDER BY 1;
-- name: newest_alert_each weight: 2
SELECT DISTINCT ON (device_id) device_id, code, raised_at FROM alerts WHERE organisation_id = {small_organisation} ORDER BY device_id, raised_at DESC;
-- name: acknowledged_by weight: 3
SELECT id, code FROM alerts WHERE acknowledged_by = {technician} AND raised_at >= {since} ORDER BY raised_at DESC;
-- name: devices_without_alerts weight: 1
SELECT d.id FROM devices d WHERE d.organisation_id = {small_organisation} AND NOT EXISTS (SELECT FROM alerts a WHERE a.device_id = d.id AND a.resolved_at IS NULL);
-- name: next_commands weight: 40
SELECT id, device_id, payload FROM commands WHERE status = 'queued' AND not_before <= '2030-01-01' ORDER BY priority DESC, not_before LIMIT 20 FOR UPDATE SKIP LOCKED;
-- name: commands_of_device weight: 10
SELECT id, status, not_before FROM commands WHERE device_id = {device} ORDER BY id DESC LIMIT 10;
-- name: failed_commands weight: 2
SELECT device_id, count(*) FROM commands WHERE status = 'failed' AND attempts < 5 GROUP BY device_id HAVING count(*) > 0 ORDER BY 2 DESC LIMIT 20;
-- name: technician_by_email weight: 15
SELECT id, name FROM technicians WHERE lower(email) = {email} AND NOT deleted;
-- name: technicians_with_skill weight: 3
SELECT id, name FROM technicians WHERE skills @> ARRAY[{skill}] AND organisation_id = {organisation} AND NOT deleted;
-- name: visits_of_technician weight: 10
SELECT v.id, s.name, v.during FROM visits v JOIN sites s ON s.id = v.site_id WHERE v.technician_id = {technician} AND v.status = 'planned' ORDER BY lower(v.during);
-- name: visits_of_site weight: 6
SELECT id, during, status FROM visits WHERE site_id = {site} ORDER BY lower(during) DESC LIMIT 10;
-- name: visits_at weight: 4
SELECT id, technician_id FROM visits WHERE during && tstzrange({day}::timestamptz, {day}::timestamptz + interval '4 hours');
-- name: busy_technician weight: 5
SELECT EXISTS (SELECT FROM visits WHERE technician_id = {technician} AND during @> {day}::timestamptz);
-- name: cost_of_site weight: 2
SELECT s.id, s.name, sum(v.cost) FROM sites s LEFT JOIN visits v ON v.site_id = s.id AND v.status = 'done' WHERE s.organisation_id = {small_organisation} GROUP BY s.id, s.name ORDER BY 3 DESC NULLS LAST LIMIT 10;
-- name: sites_of_organisation weight: 8
SELECT id, name FROM sites WHERE organisation_id = {organisation} AND closed_at IS NULL ORDER BY name LIMIT 50;
-- name: sites_by_postcode weight: 3
SELECT id, name FROM sites WHERE postcode LIKE {postcode} AND closed_at IS NULL LIMIT 50;
-- name: site_search weight: 2
SELECT id, name FROM sites WHERE name ILIKE {name_part} LIMIT 20;
-- name: sites_nearby weight: 2
SELECT id, name FROM sites WHERE latitude BETWEEN 47.1 AND 47.9 AND longitude BETWEEN 7.2 AND 8.9 AND closed_at IS NULL;
-- name: bill_by_number weight: 6
SELECT id, state, amount FROM bills WHERE number = {bill};
-- name: due_bills weight: 4
SELECT b.id, b.number, b.amount, o.slug FROM bills b JOIN organisations o ON o.id = b.organisation_id WHERE b.state = 'due' AND b.period < '2021-06-01' ORDER BY b.period LIMIT 50;
-- name: bills_of_organisation weight: 5
SELECT id, period, amount, state FROM bills WHERE organisation_id IN ({organisation}, {small_organisation}) AND period >= '2024-01-01' ORDER BY period DESC, id LIMIT 40;
-- name: sub_organisations weight: 3
SELECT o.id, o.slug, (SELECT count(*) FROM sites s WHERE s.organisation_id = o.id AND s.closed_at IS NULL) FROM organisations o WHERE o.parent_id = 7;
-- name: device_or_site weight: 3
SELECT d.id, d.serial FROM devices d WHERE (d.serial = {serial} OR d.site_id = {site}) AND d.retired_at IS NULL;
-- name: w_reading weight: 100 write
INSERT INTO readings (device_id, metric, at, value, quality) VALUES ({device}, 2, '2025-02-20 12:00+00', 20.5, 0);
-- name: w_seen weight: 60 write
UPDATE devices SET last_seen = now() WHERE id = {device};
-- name: w_alert weight: 10 write
INSERT INTO alerts (id, device_id, organisation_id, severity, code, message, words, raised_at) VALUES ({fresh}, {device}, {organisation}, 3, {code}, 'voltage low near here', to_tsvector('simple', 'voltage low near here'), now());
-- name: w_resolve weight: 8 write
UPDATE alerts SET resolved_at = now() WHERE id = {alert};
-- name: w_command weight: 20 write
INSERT INTO commands (id, device_id, status, priority, not_before, attempts, payload) VALUES ({fresh}, {device}, 'queued', 1, now(), 0, '{"set": 2}');
-- name: w_command_done weight: 20 write
UPDATE commands SET status = 'done', finished_at = now(), attempts = attempts + 1 WHERE id = {alert};
-- name: w_visit weight: 3 write
INSERT INTO visits (id, technician_id, site_id, during, status, cost) VALUES ({fresh}, {technician}, {site}, tstzrange(now(), now() + interval '2 hours'), 'planned', 0);
-- name: w_visit_done weight: 3 write
UPDATE visits SET status = 'done', cost = 80, report = 'done' WHERE id = {visit};
-- name: w_move_device weight: 1 write
UPDATE devices SET site_id = {site}, labels = labels || '{"floor": 3}' WHERE id = {device};
