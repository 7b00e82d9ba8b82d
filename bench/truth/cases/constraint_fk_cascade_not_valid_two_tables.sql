-- in_transaction: no
ALTER TABLE billing.payments ADD CONSTRAINT payments_order_fk FOREIGN KEY (order_id) REFERENCES public.orders (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE billing.invoices ADD CONSTRAINT invoices_order_fk FOREIGN KEY (order_id) REFERENCES public.orders (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE billing.payments VALIDATE CONSTRAINT payments_order_fk;
ALTER TABLE billing.invoices VALIDATE CONSTRAINT invoices_order_fk;
