-- name: organisation
VALUES ('2'), ('1'), ('90'), ('1200')
-- name: small_organisation
VALUES ('700'), ('1000'), ('1400'), ('850')
-- name: site
VALUES ('4242'), ('7'), ('19000'), ('12345')
-- name: device
VALUES ('4000'), ('2'), ('60000'), ('149000')
-- name: serial
SELECT quote_literal(serial) FROM devices WHERE id IN (500, 10000, 77777, 149999) ORDER BY id
-- name: serial_start
SELECT quote_literal(substr(serial, 1, 7) || '%') FROM devices WHERE id IN (500, 10000, 77777, 149999) ORDER BY id
-- name: serial_part
SELECT quote_literal('%' || substr(serial, 5, 5) || '%') FROM devices WHERE id IN (501, 10001, 77778, 149998) ORDER BY id
-- name: room
VALUES ('r5'), ('r1000'), ('r3999'), ('r77')
-- name: owner
VALUES ('o0'), ('o30'), ('o400'), ('o899')
-- name: group
VALUES ('3'), ('0'), ('250'), ('499')
-- name: day
VALUES ('''2025-02-20'''), ('''2024-12-01'''), ('''2024-10-15'''), ('''2025-01-07''')
-- name: since
VALUES ('''2025-01-20'''), ('''2024-07-01'''), ('''2025-02-10'''), ('''2024-11-15''')
-- name: code
VALUES ('''E0005'''), ('''E0000'''), ('''E0200'''), ('''E0399''')
-- name: word
VALUES ('''voltage & unstable'''), ('''c4ca4238'''), ('''battery & a87ff679'''), ('''lost & near''')
-- name: technician
VALUES ('17'), ('400'), ('15000'), ('39999')
-- name: email
VALUES ('''tech.17@fleet29.example'''), ('''tech.400@fleet1.example'''), ('''tech.15000@fleet3.example'''), ('''tech.39999@fleet9.example''')
-- name: skill
VALUES ('''s5'''), ('''s0'''), ('''s30'''), ('''s59''')
-- name: postcode
VALUES ('''12%'''), ('''00%'''), ('''777%'''), ('''89%''')
-- name: bill
VALUES ('''B-00000042'''), ('''B-00077777'''), ('''B-00119999'''), ('''B-00000001''')
-- name: visit
VALUES ('42'), ('1'), ('77777'), ('240000')
-- name: alert
VALUES ('42'), ('1'), ('77777'), ('490000')
-- name: name_part
VALUES ('''%c4ca%plant%'''), ('''%depot%'''), ('''%eccb%'''), ('''%office%''')
