-- in_transaction: no
REINDEX TABLE countries;
