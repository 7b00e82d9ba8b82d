-- in_transaction: no
-- Nothing to do in this release.
/* Kept so that numbers stay in a row. */
