-- Purpose: drop the bodies of answers that are past their retention; nothing else of a run, nothing of ledger.
-- Params:  keep: how long a body is kept.
SELECT sync.drop_payloads(:keep)
