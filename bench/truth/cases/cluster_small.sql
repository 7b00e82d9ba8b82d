-- in_transaction: no
CLUSTER plans USING plans_pkey;
