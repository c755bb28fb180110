-- Purpose: where COPY puts a chunk of answers before they are merged: as sync.observation has them, with the body.
--          Gone with the transaction.
CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS
SELECT o.*, NULL::text AS payload FROM sync.observation AS o WITH NO DATA
