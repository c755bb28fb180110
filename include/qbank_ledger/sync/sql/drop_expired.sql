-- Purpose: drop the oldest block of runs that is past its retention: the bodies of its answers, or all that sync has
--          for each of its accounts; nothing of ledger.
-- Params:  keep: how long it is kept; payloads_only.
-- Grain:   one row: the last run of the block, null where none is due.
SELECT sync.drop_expired(:keep, :payloads_only)
