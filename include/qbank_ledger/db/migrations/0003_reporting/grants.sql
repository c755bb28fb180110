-- Purpose: who reads the views of reporting; and that partitions are read through their tables alone.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after the views.

GRANT USAGE ON SCHEMA reporting, reporting_all TO qbank_analyst;

GRANT SELECT ON ALL TABLES IN SCHEMA reporting, reporting_all TO qbank_analyst;

-- A tool lists what its login may read, and a hundred partitions say nothing to whom it shows them. Those that were
-- there when the baseline granted its tables could be read by their own names; those that were made since could not.
DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN
        SELECT oid FROM pg_class
         WHERE relnamespace IN ('ledger'::regnamespace, 'sync'::regnamespace) AND relispartition AND relkind = 'r'
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM qbank_analyst', partition);
    END LOOP;
END $$;
