-- in_transaction: yes
ALTER DOMAIN positive_amount SET NOT NULL;
