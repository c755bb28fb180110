-- Purpose: where run numbers have jumped, as after a move to another server, the next block begins at the next run:
--          blocks for all numbers between would be more tables than a transaction may lock, and no run began.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE OR REPLACE PROCEDURE sync.add_block(runs bigint) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    first   bigint;
    parent  text;
BEGIN
    SELECT greatest((SELECT 1 + coalesce(max(last_run_no), 0) FROM sync.blocks('run_account')),
                    s.last_value + s.is_called::integer)
      INTO first FROM sync.run_run_no_seq AS s;
    FOR parent IN SELECT relname FROM pg_class WHERE relnamespace = 'sync'::regnamespace AND relkind = 'p' LOOP
        CALL ledger.add_partition(format('sync.%I', parent)::regclass,
                                  format('sync.%I', format('%s_%s_%s', parent, first, first + runs - 1)),
                                  'run_no', first::text, (first + runs)::text);
    END LOOP;
END $$;
