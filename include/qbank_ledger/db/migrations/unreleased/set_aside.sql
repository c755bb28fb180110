-- Purpose: put a ledger aside that a revision made that was never released, so that the baseline can be made in its
--          place. carry_over.sql then brings its rows into the baseline and drops it.
-- Run as:  qbank_owner, in one transaction (see migrate.py).
DO $$
DECLARE
    room   text;
    found  text;
BEGIN
    -- However much there is to carry over.
    PERFORM set_config('statement_timeout', '0', true);
    -- Views of somebody else's would go with the tables that they read.
    SELECT string_agg(DISTINCT v.oid::regclass::text, ', ') INTO found
      FROM pg_depend AS d
      JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      JOIN pg_class AS v ON v.oid = r.ev_class
      JOIN pg_class AS t ON d.refclassid = 'pg_class'::regclass AND t.oid = d.refobjid
     WHERE t.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('ledger', 'sync', 'recon'))
       AND v.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('ledger', 'sync', 'recon'));
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'Views that are not the ledger''s read it: %. Drop them, migrate, and make them again.', found
            USING ERRCODE = 'dependent_objects_still_exist';
    END IF;
    FOREACH room IN ARRAY ARRAY['ledger', 'sync', 'recon'] LOOP
        CONTINUE WHEN to_regnamespace(room) IS NULL;
        FOR found IN
            SELECT oid::regclass FROM pg_class
             WHERE relnamespace = room::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
        LOOP
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', found);
        END LOOP;
        EXECUTE format('ALTER SCHEMA %I RENAME TO %I', room, room || '_before');
    END LOOP;
END $$;

-- What has another name by now.
ALTER TABLE IF EXISTS ledger_before.gap RENAME TO missing_hour_reason;

CREATE SCHEMA ledger;
