-- in_transaction: no
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS customers_phone_live_key
    ON public.customers USING btree (phone)
    WHERE deleted_at IS NULL;
