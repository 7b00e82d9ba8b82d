-- in_transaction: yes
CREATE TABLE "Review" (
    "id" SERIAL NOT NULL,
    "productId" INTEGER NOT NULL,
    "body" TEXT,
    CONSTRAINT "Review_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Review_productId_fkey" FOREIGN KEY ("productId") REFERENCES products (id)
);
