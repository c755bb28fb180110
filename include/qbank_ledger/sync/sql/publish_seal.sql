-- Purpose: seal what a publish wrote: its rows, its control totals, and the seal before it.
-- Params:  run_no, seal_no, recorded_at; since: an hour before which the publish wrote nothing.
SELECT ledger.write_seal(:seal_no, :run_no, :recorded_at, :since)
