-- Purpose: the loader accepts the first host of an empty ledger, and no other, and in nobody else's name.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION ledger.accept_first_host(host text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    INSERT INTO ledger.accepted_host (api_host, accepted_by)
    SELECT host, session_user WHERE NOT EXISTS (SELECT FROM ledger.accepted_host)
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION ledger.accept_first_host(text) IS
    'Lets balances from an API host into a ledger that takes none yet; into another, nothing. For the plan.';
REVOKE ALL ON FUNCTION ledger.accept_first_host(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.accept_first_host(text) TO qbank_loader;
REVOKE INSERT ON ledger.accepted_host FROM qbank_loader;
