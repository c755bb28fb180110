-- Purpose: loading the ERP's files through the page, in the name of an identity that may, for their entities.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

ALTER TABLE recon.file_load ADD COLUMN via text;
-- Who loaded until now did so by a login.
ALTER TABLE recon.file_load DISABLE TRIGGER append_only;
UPDATE recon.file_load SET via = loaded_by;
ALTER TABLE recon.file_load ENABLE TRIGGER append_only;
ALTER TABLE recon.file_load
    ALTER COLUMN via SET NOT NULL,
    ALTER COLUMN via SET DEFAULT session_user,
    ALTER COLUMN loaded_by SET DEFAULT recon.actor();
COMMENT ON COLUMN recon.file_load.loaded_by IS 'Who loaded it: through the page airflow:NAME, else the login.';
COMMENT ON COLUMN recon.file_load.via IS 'The login that it came by: who loaded it, or the page''s.';
COMMENT ON COLUMN recon.gl_figure.loaded_by IS 'Who loaded it: through the page airflow:NAME, else the login.';

CREATE FUNCTION recon.check_loader() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    who text := recon.identity_of(recon.actor(), session_user);
BEGIN
    -- Also where the file was loaded before: an empty load in its place would keep the file itself out.
    IF recon.is_bound() AND NOT EXISTS (
           SELECT FROM recon.signatory AS s WHERE s.identity = who AND s.may = 'load' AND s.revoked_at IS NULL) THEN
        RAISE EXCEPTION '% may load for no entity: an operator grants it with recon.grant_signatory.', who
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.check_loader() IS 'Refuses a load by who may load for no entity at all.';

CREATE TRIGGER check_loader AFTER INSERT ON recon.file_load
    FOR EACH STATEMENT EXECUTE FUNCTION recon.check_loader();

CREATE FUNCTION recon.check_loaded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    who     text := recon.actor();
    others  bigint;
    lacking text;
BEGIN
    -- A run's login stands in no register: its rows are not looked at.
    IF NOT recon.is_bound() THEN
        RETURN NULL;
    END IF;
    SELECT n.load_no INTO others
      FROM (SELECT DISTINCT load_no FROM new_rows) AS n
     WHERE NOT EXISTS (SELECT FROM recon.file_load AS f
                        -- Of this transaction: loaded_at is its beginning, and nobody may give it.
                        WHERE f.load_no = n.load_no AND (f.loaded_at, f.loaded_by, f.via) = (now(), who, session_user))
     ORDER BY n.load_no LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Load % is complete: % may add rows only to a load of the same transaction.', others, who
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    lacking := recon.lacks_right('load', ARRAY(SELECT DISTINCT entity FROM new_rows));
    IF lacking IS NOT NULL THEN
        RAISE EXCEPTION 'The file can''t be loaded: %.', lacking USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.check_loaded() IS
    'Refuses rows of an entity for which who acts may not load, and rows added to a load that is not of the same '
    'transaction; of those whom recon.signatory binds, and once a statement.';

CREATE TRIGGER check_loaded AFTER INSERT ON recon.gl_balance REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.check_loaded();

CREATE TRIGGER check_loaded AFTER INSERT ON recon.item REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.check_loaded();

CREATE OR REPLACE FUNCTION ledger.cancel_blocking_readers(waiter integer) RETURNS SETOF integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT b.pid
      FROM pg_stat_activity AS w
     CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS u (pid)
      JOIN pg_stat_activity AS b ON b.pid = u.pid
     WHERE w.pid = waiter AND w.usename = session_user
       AND pg_has_role(b.usesysid, 'qbank_analyst', 'MEMBER')
       AND NOT pg_has_role(b.usesysid, 'qbank_loader', 'MEMBER')
       AND NOT pg_has_role(b.usesysid, 'qbank_owner', 'MEMBER')
       -- Who releases, sets aside or signs off has a turn, or waits for one, and is let finish.
       AND NOT EXISTS (SELECT FROM pg_locks AS l
                        WHERE l.pid = b.pid AND l.mode = 'ShareRowExclusiveLock' AND l.locktype = 'relation'
                          AND l.relation IN ('ledger.lock_plan'::regclass, 'ledger.lock_publish'::regclass,
                                             'ledger.lock_reconcile'::regclass))
       -- So is who loads a file through the page: a run may wait for that to load the same one.
       AND NOT EXISTS (SELECT FROM pg_locks AS l
                        WHERE l.pid = b.pid AND l.mode = 'RowExclusiveLock' AND l.locktype = 'relation'
                          AND l.relation = 'recon.file_load'::regclass)
       AND pg_cancel_backend(b.pid);
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END $$;
