-- Purpose: accept the first host of an empty ledger; then say which hosts it takes. A dry run, which
--          publishes nothing, is no first host.
-- Params:  api_host, dry_run.
-- Grain:   accepted host.
WITH first AS (
    INSERT INTO ledger.accepted_host (api_host, accepted_by)
    SELECT :api_host, session_user WHERE NOT :dry_run AND NOT EXISTS (SELECT FROM ledger.accepted_host)
        ON CONFLICT DO NOTHING
    RETURNING api_host
)
SELECT api_host FROM first UNION SELECT api_host FROM ledger.accepted_host ORDER BY api_host
