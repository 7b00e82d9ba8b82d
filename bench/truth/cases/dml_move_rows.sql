-- in_transaction: no
CREATE TABLE old_events (LIKE events);
WITH moved AS (DELETE FROM events WHERE kind = 'view' RETURNING *)
INSERT INTO old_events SELECT * FROM moved;
