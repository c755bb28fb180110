-- Purpose: the instant of this publish and the number of its seal. Read after the lock is held: with
--          now(), a version that waited for the lock would be superseded before it was recorded.
-- Grain:   one row.
SELECT clock_timestamp() AS recorded_at, nextval('ledger.seal_no') AS seal_no
