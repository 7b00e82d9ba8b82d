-- in_transaction: no
-- CreateIndex
CREATE UNIQUE INDEX "orders_external_ref_key" ON "orders"("external_ref");

-- AddForeignKey
ALTER TABLE "order_items" ADD CONSTRAINT "order_items_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "orders"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
