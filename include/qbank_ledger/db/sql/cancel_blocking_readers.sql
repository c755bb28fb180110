-- Purpose: cancel what readers do that a session of ours waits for.
-- Params:  pid of that session.
-- Grain:   session whose statement was cancelled.
SELECT pid FROM ledger.cancel_blocking_readers(:pid) AS cancelled (pid)
