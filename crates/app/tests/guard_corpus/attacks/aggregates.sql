-- Aggregates, window functions, table sampling and text search made of hostile parts.

-- setup: aggregates
CREATE FUNCTION h.trans(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN coalesce($1, 0) + $2; END $$;
CREATE FUNCTION h.safe_trans(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 0) + $2';
CREATE FUNCTION h.safe_inverse(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 0) - $2';
CREATE FUNCTION h.final(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN $1; END $$;
CREATE FUNCTION h.ordered_final(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.inverse(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN $1 - $2; END $$;
CREATE FUNCTION h.strict_inverse(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT AS $$ BEGIN PERFORM h.mark(); RETURN $1 - $2; END $$;
CREATE FUNCTION h.strict_trans(int, int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 + $2';
CREATE FUNCTION h.moving_final(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN $1; END $$;
CREATE FUNCTION h.safe_strict_inverse(int, int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 - $2';
CREATE FUNCTION h.trans_text(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN $2; END $$;
CREATE FUNCTION h.star_trans(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN $1 + 1; END $$;
CREATE FUNCTION h.variadic_trans(int, VARIADIC int[]) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.agg_check(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE DOMAIN h.agg_domain AS int CHECK (h.agg_check(VALUE));
CREATE FUNCTION h.domain_trans(h.agg_domain, int) RETURNS h.agg_domain LANGUAGE sql AS 'SELECT $2::h.agg_domain';
CREATE AGGREGATE h.sum_trans(int) (SFUNC = h.trans, STYPE = int, INITCOND = '0');
CREATE AGGREGATE h.sum_final(int) (SFUNC = h.safe_trans, STYPE = int, FINALFUNC = h.final, INITCOND = '0');
CREATE AGGREGATE h.sum_moving(int) (SFUNC = h.strict_trans, STYPE = int, INITCOND = '0', MSFUNC = h.strict_trans, MINVFUNC = h.strict_inverse, MSTYPE = int, MINITCOND = '0');
CREATE AGGREGATE h.sum_moving_final(int) (SFUNC = h.strict_trans, STYPE = int, INITCOND = '0', MSFUNC = h.strict_trans, MINVFUNC = h.safe_strict_inverse, MSTYPE = int, MINITCOND = '0', MFINALFUNC = h.moving_final);
CREATE AGGREGATE h.ordered(int ORDER BY int) (SFUNC = h.safe_trans, STYPE = int, FINALFUNC = h.ordered_final, INITCOND = '0');
CREATE AGGREGATE public.sum(text) (SFUNC = h.trans_text, STYPE = text);
CREATE AGGREGATE h.star(*) (SFUNC = h.star_trans, STYPE = int, INITCOND = '0');
CREATE AGGREGATE h.domain_state(int) (SFUNC = h.domain_trans, STYPE = h.agg_domain);
CREATE VIEW h.v_aggregate AS SELECT h.sum_final(n) AS s FROM h.canary;
CREATE FUNCTION h.uses_aggregate() RETURNS int LANGUAGE sql STABLE AS 'SELECT h.sum_final(n) FROM h.canary';
CREATE AGGREGATE h.variadic_agg(VARIADIC int[]) (SFUNC = h.variadic_trans, STYPE = int, INITCOND = '0');

-- name: transition
SELECT h.sum_trans(n) FROM h.canary
-- name: final
SELECT h.sum_final(n) FROM h.canary
-- name: moving
SELECT h.sum_moving(n) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM h.canary
-- name: moving-final
SELECT h.sum_moving_final(n) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM h.canary
-- name: ordered-set
SELECT h.ordered(1) WITHIN GROUP (ORDER BY n) FROM h.canary
-- name: overload-of-sum
SELECT sum(t) FROM h.canary
-- name: star
SELECT h.star(*) FROM h.canary
-- name: aggregate-as-window
SELECT h.sum_trans(n) OVER () FROM h.canary
-- name: aggregate-in-view
SELECT * FROM h.v_aggregate
-- name: aggregate-in-function
SELECT h.uses_aggregate()
-- name: aggregate-domain-state
SELECT h.domain_state(n) FROM h.canary
-- name: aggregate-variadic
SELECT h.variadic_agg(1, 2)
-- name: aggregate-empty-input
SELECT h.sum_final(n) FROM h.canary WHERE false
-- name: aggregate-distinct-filter
SELECT h.sum_final(DISTINCT n) FILTER (WHERE n > 0) FROM h.canary
