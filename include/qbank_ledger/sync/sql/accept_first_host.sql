-- Purpose: take a host into a ledger that takes none yet.
-- Params:  api_host.
SELECT ledger.accept_first_host(:api_host)
