-- Purpose: the hosts from which the ledger takes balances.
-- Grain:   accepted host.
SELECT api_host FROM ledger.accepted_host ORDER BY api_host
