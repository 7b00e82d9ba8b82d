-- name: tenant
VALUES ('3'), ('1'), ('150'), ('1700')
-- name: small_tenant
VALUES ('900'), ('1500'), ('1990'), ('700')
-- name: product_tenant
VALUES ('20'), ('1'), ('300'), ('1200')
-- name: user
VALUES ('12345'), ('7'), ('99999'), ('150000')
-- name: other_user
VALUES ('5'), ('3'), ('777'), ('12')
-- name: assignee
VALUES ('17'), ('400'), ('1500'), ('2999')
-- name: order
VALUES ('5000'), ('123456'), ('250000'), ('399999')
-- name: product
VALUES ('100'), ('3'), ('50000'), ('119999')
-- name: object
VALUES ('42'), ('1'), ('77777'), ('99999')
-- name: session
VALUES ('42'), ('1'), ('77777'), ('199999')
-- name: ticket
VALUES ('42'), ('1'), ('77777'), ('140000')
-- name: category
VALUES ('7'), ('100'), ('250'), ('499')
-- name: tag
VALUES ('''t5'''), ('''t0'''), ('''t150'''), ('''t299''')
-- name: vendor
VALUES ('''v5'''), ('''v100'''), ('''v999'''), ('''v1999''')
-- name: ref
VALUES ('''r5'''), ('''r100'''), ('''r999'''), ('''r99999''')
-- name: queue
VALUES ('''q3'''), ('''q0'''), ('''q1'''), ('''q7''')
-- name: word
VALUES ('''w17'''), ('''w0 & w4'''), ('''w2500'''), ('''w4999''')
-- name: price
VALUES ('50'), ('5'), ('500'), ('900')
-- name: day
VALUES ('''2023-06-01'''), ('''2024-01-15'''), ('''2024-05-05'''), ('''2023-02-01''')
-- name: event_day
VALUES ('''2024-11-30'''), ('''2024-06-01'''), ('''2024-03-03'''), ('''2024-12-10''')
-- name: due
VALUES ('''2024-01-01'''), ('''2023-03-01'''), ('''2025-01-01'''), ('''2024-06-01''')
-- name: email
SELECT quote_literal(email) FROM users WHERE id IN (77, 5000, 99999, 150001) ORDER BY id
-- name: fragment
SELECT quote_literal(substr(lower(email), 1, 9)) FROM users WHERE id IN (77, 15000, 99999, 150001) ORDER BY id
-- name: product_like
VALUES ('''%chair%'''), ('''%ab12%'''), ('''%solid 00%'''), ('''%d desk%''')
-- name: sku
VALUES ('''SKU-00%'''), ('''SKU-0123%'''), ('''SKU-5%'''), ('''SKU-89%''')
-- name: order_number
VALUES ('''ORD-000012345'''), ('''ORD-000000001'''), ('''ORD-000300000'''), ('''ORD-000599999''')
-- name: invoice_number
VALUES ('''INV-00012345'''), ('''INV-00000001'''), ('''INV-00100000'''), ('''INV-00149999''')
-- name: payment_ref
SELECT quote_literal(md5('pay' || i)) FROM unnest(ARRAY[12, 1, 300000, 399999]) i
-- name: token
SELECT quote_literal(md5('session' || i) || md5('token' || i)) FROM unnest(ARRAY[12, 1, 100000, 199999]) i
