-- Purpose: what only a superuser may do for the ledger: nobody writes large objects in its database, and the owner may
--          cancel what a reader has put in a run's way (ledger.cancel_blocking_readers).
-- Run as:  superuser, in the ledger database; again and again changes nothing.
DO $$
DECLARE
    function regprocedure;
BEGIN
    FOR function IN
        SELECT oid FROM pg_proc
         WHERE pronamespace = 'pg_catalog'::regnamespace
           AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_put', 'lowrite')
           AND has_function_privilege('public', oid, 'EXECUTE')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', function);
    END LOOP;
    IF NOT pg_has_role('qbank_owner', 'pg_signal_backend', 'USAGE') THEN
        GRANT pg_signal_backend TO qbank_owner;
    END IF;
END $$;
