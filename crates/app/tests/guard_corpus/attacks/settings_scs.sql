-- A database where backslashes escape in plain strings: a parser that believes otherwise sees another statement than the server.
-- database: scs

-- setup: the setting
ALTER DATABASE {{database}} SET standard_conforming_strings = off;
ALTER DATABASE {{database}} SET backslash_quote = on;
ALTER DATABASE {{database}} SET escape_string_warning = off;
CREATE TABLE h.target (t text);

-- name: call-hidden-in-a-string
SELECT 'a\', '||h.mark()||' \' '
-- name: call-after-escaped-quote
SELECT 'a\' || ', h.mark(), 'b'
-- name: delete-after-string
SELECT 'x\', ', 'y'; DELETE FROM h.canary; SELECT 'z'
-- name: call-between-strings
SELECT '\'||', h.mark(), '\''
-- name: plain-call
SELECT h.mark()
-- name: call-after-escape-string
SELECT E'\'', h.mark()
-- name: call-in-comment-for-one-parser
SELECT '\'', /* ' */ h.mark() -- '
-- name: generic-plan
-- min: 16
EXPLAIN (GENERIC_PLAN) SELECT $1::text, 'a\'' ; DELETE FROM h.canary; --'
