-- name: user_by_email weight: 40
SELECT id, name, role FROM users WHERE lower(email) = lower({email}) AND deleted_at IS NULL;
-- name: users_of_tenant weight: 6
SELECT id, name, email FROM users WHERE tenant_id = {tenant} AND deleted_at IS NULL ORDER BY name LIMIT 50;
-- name: vip_users weight: 2
SELECT id, name FROM users WHERE tenant_id = {tenant} AND is_vip AND deleted_at IS NULL;
-- name: user_search weight: 4
SELECT id, name, email FROM users WHERE email ILIKE '%' || {fragment} || '%' LIMIT 20;
-- name: beta_users weight: 1
SELECT count(*) FROM users WHERE prefs @> '{"beta": true}' AND deleted_at IS NULL;
-- name: new_users_by_month weight: 1
SELECT date_trunc('month', created_at AT TIME ZONE 'UTC') AS month, count(*) FROM users WHERE tenant_id = {tenant} GROUP BY 1 ORDER BY 1;
-- name: recent_logins weight: 2
SELECT id, last_login FROM users WHERE tenant_id = {tenant} ORDER BY last_login DESC NULLS LAST LIMIT 10;
-- name: product_by_sku weight: 20
SELECT id, name, price FROM products WHERE tenant_id = {product_tenant} AND sku LIKE {sku};
-- name: products_of_category weight: 8
SELECT id, name, price FROM products WHERE category_id = {category} AND active ORDER BY price LIMIT 24;
-- name: products_by_tag weight: 4
SELECT id, name FROM products WHERE tags @> ARRAY[{tag}] AND active LIMIT 100;
-- name: products_by_vendor weight: 3
SELECT id, name, price FROM products WHERE attrs @> jsonb_build_object('vendor', {vendor}::text);
-- name: product_search weight: 5
SELECT id, name FROM products WHERE name ILIKE {product_like} AND active LIMIT 30;
-- name: cheap_products weight: 2
SELECT id, name, price FROM products WHERE tenant_id = {tenant} AND price < {price} ORDER BY price DESC LIMIT 20;
-- name: order_page weight: 20
SELECT id, number, status, total FROM orders WHERE tenant_id = {tenant} AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 25;
-- name: order_by_number weight: 15
SELECT * FROM orders WHERE number = {order_number};
-- name: orders_of_user weight: 15
SELECT id, number, status, total, created_at FROM live_orders WHERE user_id = {user} ORDER BY created_at DESC LIMIT 10;
-- name: pending_orders weight: 8
SELECT id, number, created_at FROM orders WHERE status = 'pending' ORDER BY created_at LIMIT 100;
-- name: open_total weight: 3
SELECT status, count(*), sum(total) FROM orders WHERE tenant_id = {tenant} AND deleted_at IS NULL GROUP BY status;
-- name: orders_between weight: 3
SELECT count(*), sum(total) FROM orders WHERE created_at >= {day}::timestamptz AND created_at < {day}::timestamptz + interval '1 day';
-- name: tenant_revenue weight: 2
SELECT date_trunc('day', created_at) AS day, sum(total) FROM orders WHERE tenant_id = {tenant} AND created_at >= {day}::timestamptz AND created_at < {day}::timestamptz + interval '30 days' AND deleted_at IS NULL GROUP BY 1 ORDER BY 1;
-- name: items_of_order weight: 25
SELECT i.id, i.quantity, i.price, p.name FROM order_items i JOIN products p ON p.id = i.product_id WHERE i.order_id = {order};
-- name: sold_of_product weight: 4
SELECT sum(quantity), count(*) FROM order_items WHERE product_id = {product};
-- name: order_with_user weight: 10
SELECT o.id, o.total, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE o.tenant_id = {tenant} AND o.status = 'paid' AND o.deleted_at IS NULL ORDER BY o.created_at DESC LIMIT 20;
-- name: payment_by_ref weight: 15
SELECT id, order_id, state FROM payments WHERE provider_ref = {payment_ref};
-- name: payments_of_order weight: 12
SELECT id, state, amount FROM payments WHERE order_id = {order};
-- name: failed_payments weight: 3
SELECT p.id, p.amount, o.number FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.state = 'failed' ORDER BY p.paid_at DESC LIMIT 50;
-- name: events_of_user weight: 10
SELECT id, kind, at FROM events WHERE user_id = {user} ORDER BY at DESC LIMIT 20;
-- name: events_of_kind weight: 3
SELECT count(*) FROM events WHERE tenant_id = {tenant} AND kind = 'purchase' AND at >= {event_day}::timestamptz;
-- name: events_of_day weight: 2
SELECT kind, count(*) FROM events WHERE at >= {event_day}::timestamptz AND at < {event_day}::timestamptz + interval '1 day' GROUP BY kind;
-- name: events_by_ref weight: 3
SELECT id, at FROM events WHERE payload @> jsonb_build_object('ref', {ref}::text);
-- name: event_errors weight: 2
SELECT id, at, payload FROM events WHERE kind = 'error' ORDER BY at DESC LIMIT 20;
-- name: unread weight: 20
SELECT count(*) FROM messages WHERE recipient_id = {user} AND read_at IS NULL;
-- name: inbox weight: 12
SELECT id, sender_id, body, sent_at FROM messages WHERE recipient_id = {user} ORDER BY sent_at DESC LIMIT 20;
-- name: conversation weight: 4
SELECT id, body, sent_at FROM messages WHERE sender_id = {user} AND recipient_id = {other_user} ORDER BY sent_at;
-- name: open_tickets weight: 8
SELECT id, subject, priority FROM tickets WHERE tenant_id = {tenant} AND status IN ('open', 'waiting') AND deleted_at IS NULL ORDER BY priority DESC, created_at LIMIT 25;
-- name: my_tickets weight: 8
SELECT id, subject FROM tickets WHERE assignee_id = {assignee} AND status = 'open' AND deleted_at IS NULL;
-- name: ticket_search weight: 4
SELECT id, subject FROM tickets WHERE search @@ to_tsquery('simple', {word}) AND deleted_at IS NULL LIMIT 50;
-- name: ticket_comments weight: 12
SELECT c.id, c.body, u.name FROM comments c JOIN users u ON u.id = c.author_id WHERE c.ticket_id = {ticket} ORDER BY c.created_at;
-- name: comment_counts weight: 3
SELECT t.id, count(c.id) FROM tickets t LEFT JOIN comments c ON c.ticket_id = t.id WHERE t.tenant_id = {small_tenant} AND t.status = 'open' GROUP BY t.id;
-- name: comments_of_author weight: 3
SELECT id, body FROM comments WHERE author_id = {user} ORDER BY created_at DESC LIMIT 20;
-- name: next_jobs weight: 30
SELECT id, payload FROM jobs WHERE queue = {queue} AND state = 'ready' AND run_at <= '2030-01-01' ORDER BY run_at LIMIT 10;
-- name: failed_jobs weight: 2
SELECT queue, count(*) FROM jobs WHERE state = 'failed' GROUP BY queue;
-- name: session_by_token weight: 40
SELECT id, user_id, expires_at FROM sessions WHERE token = {token};
-- name: sessions_of_user weight: 5
SELECT id FROM sessions WHERE user_id = {user} AND expires_at > '2025-02-01';
-- name: audit_of_object weight: 6
SELECT id, actor_id, action, at FROM audit_log WHERE object_type = 'order' AND object_id = {object} ORDER BY at DESC LIMIT 50;
-- name: audit_page weight: 4
SELECT id, actor_id, action FROM audit_log WHERE tenant_id = {tenant} ORDER BY at DESC LIMIT 50;
-- name: overdue_invoices weight: 4
SELECT id, number, total FROM invoices WHERE tenant_id = {tenant} AND status = 'open' AND due_on < {due}::date ORDER BY due_on;
-- name: invoice_by_number weight: 6
SELECT id, total, status FROM invoices WHERE number = {invoice_number};
-- name: top_products weight: 1
SELECT p.id, p.name, sum(i.quantity) AS sold FROM products p JOIN order_items i ON i.product_id = p.id WHERE p.tenant_id = {small_tenant} GROUP BY p.id, p.name ORDER BY sold DESC LIMIT 10;
-- name: users_without_orders weight: 1
SELECT u.id FROM users u WHERE u.tenant_id = {small_tenant} AND NOT EXISTS (SELECT FROM orders o WHERE o.user_id = u.id);
-- name: latest_order_each weight: 2
WITH mine AS (SELECT id, name FROM users WHERE tenant_id = {small_tenant} AND deleted_at IS NULL) SELECT m.id, m.name, l.number FROM mine m CROSS JOIN LATERAL (SELECT o.number FROM orders o WHERE o.user_id = m.id ORDER BY o.created_at DESC LIMIT 1) l;
-- name: w_new_order weight: 10 write
INSERT INTO orders (id, tenant_id, user_id, number, status, total, created_at, updated_at) VALUES ({fresh}, {tenant}, {user}, 'ORD-X{fresh}', 'pending', 10, now(), now());
-- name: w_new_item weight: 20 write
INSERT INTO order_items (id, order_id, product_id, quantity, price) VALUES ({fresh}, {order}, {product}, 1, 9.99);
-- name: w_order_status weight: 10 write
UPDATE orders SET status = 'shipped', updated_at = now() WHERE id = {order};
-- name: w_new_event weight: 50 write
INSERT INTO events (id, tenant_id, user_id, kind, at, payload) VALUES ({fresh}, {tenant}, {user}, 'view', now(), '{"page": "p1", "ref": "r5", "ms": 12}');
-- name: w_new_message weight: 15 write
INSERT INTO messages (id, tenant_id, sender_id, recipient_id, body, sent_at) VALUES ({fresh}, {tenant}, {user}, {other_user}, 'hello again and again', now());
-- name: w_read_message weight: 15 write
UPDATE messages SET read_at = now() WHERE id = {order};
-- name: w_enqueue weight: 20 write
INSERT INTO jobs (id, queue, state, run_at, attempts, payload) VALUES ({fresh}, {queue}, 'ready', now(), 0, 'payload');
-- name: w_job_done weight: 20 write
UPDATE jobs SET state = 'done', attempts = attempts + 1 WHERE id = {order};
-- name: w_session_hit weight: 40 write
UPDATE sessions SET hits = hits + 1 WHERE id = {session};
-- name: w_product_price weight: 5 write
UPDATE products SET price = price + 1, updated_at = now() WHERE id = {product};
-- name: w_audit weight: 20 write
INSERT INTO audit_log (id, tenant_id, actor_id, object_type, object_id, action, at) VALUES ({fresh}, {tenant}, {user}, 'order', {object}, 'update', now());
-- name: w_login weight: 10 write
UPDATE users SET last_login = now() WHERE id = {user};
