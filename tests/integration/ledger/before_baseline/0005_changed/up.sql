-- Purpose: reconciling costs what changed, not what there is: a note of each input that changed, and a
--          closing that reads the last observation and not the whole day.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

-- In SQL, so that a query takes it in whole: called as it was, in PL/pgSQL, it takes three times as long.
CREATE OR REPLACE FUNCTION ledger.closing(of_account text, zone text, cut_off time, on_date date) RETURNS SETOF ledger.balance
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT v.account_id, v.as_of_hour, v.available_balance, v.ledger_balance, v.currency, v.observed_at,
           v.run_no, v.seal_no, v.revision, v.recorded_at
      -- Of the balances and of what they superseded each the newest: neither reads the whole day.
      FROM ((SELECT b.account_id, b.as_of_hour, b.available_balance, b.ledger_balance, b.currency, b.observed_at,
                    b.run_no, b.seal_no, b.revision, b.recorded_at
               FROM ledger.balance AS b
              WHERE b.account_id = of_account
                -- The hours that can hold the date, with room for a change of clocks: these reach the index …
                AND b.as_of_hour >= (on_date::timestamp AT TIME ZONE zone) - interval '3 hours'
                AND b.as_of_hour < ((on_date + coalesce(cut_off, '24:00')) AT TIME ZONE zone) + interval '3 hours'
                -- … and the local clock decides, as it hangs on the wall.
                AND (b.observed_at AT TIME ZONE zone)::date = on_date
                AND (cut_off IS NULL OR (b.observed_at AT TIME ZONE zone)::time < cut_off)
              ORDER BY b.as_of_hour DESC LIMIT 1)
            UNION ALL
            (SELECT h.account_id, h.as_of_hour, h.available_balance, h.ledger_balance, h.currency, h.observed_at,
                    h.run_no, h.seal_no, h.revision, h.recorded_at
               FROM ledger.balance_history AS h
              WHERE h.account_id = of_account
                AND h.as_of_hour >= (on_date::timestamp AT TIME ZONE zone) - interval '3 hours'
                AND h.as_of_hour < ((on_date + coalesce(cut_off, '24:00')) AT TIME ZONE zone) + interval '3 hours'
                AND (h.observed_at AT TIME ZONE zone)::date = on_date
                AND (cut_off IS NULL OR (h.observed_at AT TIME ZONE zone)::time < cut_off)
              ORDER BY h.observed_at DESC, h.recorded_at DESC LIMIT 1)) AS v
     ORDER BY v.observed_at DESC, v.recorded_at DESC
     LIMIT 1
$$;

-- ── What changed ────────────────────────────────────────────────────────────────────────────────

CREATE TABLE recon.changed (
    changed_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity      text,
    gl_account  text,
    currency    text,
    first_date  date NOT NULL,
    last_date   date NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE recon.changed IS 'Inputs that changed, still to be compared: triggers note them, a comparison of every date takes them away once the dates are over. Grain: change.';
COMMENT ON COLUMN recon.changed.changed_no IS 'Number of the change.';
COMMENT ON COLUMN recon.changed.entity IS 'Legal entity whose accounts it touches; null: any.';
COMMENT ON COLUMN recon.changed.gl_account IS 'GL account that it touches; null: any.';
COMMENT ON COLUMN recon.changed.currency IS 'Currency of that GL account; null: any.';
COMMENT ON COLUMN recon.changed.first_date IS 'First date that it may touch.';
COMMENT ON COLUMN recon.changed.last_date IS 'Last date that it may touch.';
COMMENT ON COLUMN recon.changed.changed_at IS 'When it changed (UTC).';

CREATE FUNCTION recon.note_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- An hour lies on up to three dates: clocks go from twelve hours behind UTC to fourteen ahead.
    IF TG_OP = 'DELETE' THEN
        INSERT INTO recon.changed (first_date, last_date)
        SELECT DISTINCT (as_of_hour AT TIME ZONE 'UTC' - interval '12 hours')::date,
                        (as_of_hour AT TIME ZONE 'UTC' + interval '15 hours')::date FROM old_rows;
    ELSE
        INSERT INTO recon.changed (first_date, last_date)
        SELECT DISTINCT (as_of_hour AT TIME ZONE 'UTC' - interval '12 hours')::date,
                        (as_of_hour AT TIME ZONE 'UTC' + interval '15 hours')::date FROM new_rows;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.note_balance() IS 'Notes the dates whose closing may have changed.';
CREATE TRIGGER note_inserted AFTER INSERT ON ledger.balance REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.note_balance();
CREATE TRIGGER note_updated AFTER UPDATE ON ledger.balance REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.note_balance();
CREATE TRIGGER note_deleted AFTER DELETE ON ledger.balance REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.note_balance();

CREATE FUNCTION recon.note_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
        VALUES (OLD.entity, OLD.gl_account, OLD.currency, '-infinity', 'infinity');
    END IF;
    INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
    VALUES (NEW.entity, NEW.gl_account, NEW.currency, '-infinity', 'infinity');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.note_account() IS 'Notes the GL accounts, before and after, of an account that is set up otherwise.';
CREATE TRIGGER note_new AFTER INSERT ON ledger.account FOR EACH ROW EXECUTE FUNCTION recon.note_account();
CREATE TRIGGER note_otherwise AFTER UPDATE ON ledger.account FOR EACH ROW
    WHEN ((NEW.entity, NEW.gl_account, NEW.currency, NEW.minor_units, NEW.tolerance, NEW.time_zone, NEW.cut_off,
           NEW.max_age_minutes, NEW.active) IS DISTINCT FROM
          (OLD.entity, OLD.gl_account, OLD.currency, OLD.minor_units, OLD.tolerance, OLD.time_zone, OLD.cut_off,
           OLD.max_age_minutes, OLD.active))
    EXECUTE FUNCTION recon.note_account();

CREATE FUNCTION recon.note_gl_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The whole entity: the date's first row is what makes the accounts without one missing_gl.
    INSERT INTO recon.changed (entity, first_date, last_date)
    SELECT DISTINCT entity, as_of_date, as_of_date FROM new_rows;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.note_gl_balance() IS 'Notes the dates of GL balances that were loaded.';
CREATE TRIGGER note_loaded AFTER INSERT ON recon.gl_balance REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.note_gl_balance();

CREATE FUNCTION recon.note_item() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Every date: an item that does not count on one may still be its cause (timing).
    INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
    SELECT DISTINCT entity, gl_account, currency, date '-infinity', date 'infinity' FROM new_rows;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.note_item() IS 'Notes the GL accounts of items that were loaded.';
CREATE TRIGGER note_loaded AFTER INSERT ON recon.item REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.note_item();

REVOKE ALL ON ALL ROUTINES IN SCHEMA recon FROM PUBLIC;
GRANT SELECT ON recon.changed TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT DELETE ON recon.changed TO qbank_loader;

-- What was there before: all of it once, and the dates that are not over again once they are.
INSERT INTO recon.changed (first_date, last_date) VALUES ('-infinity', 'infinity');
INSERT INTO recon.changed (entity, first_date, last_date)
SELECT DISTINCT entity, as_of_date, as_of_date FROM recon.gl_balance WHERE as_of_date >= current_date - 3;
