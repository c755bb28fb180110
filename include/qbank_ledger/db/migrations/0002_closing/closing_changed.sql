-- Purpose: the dates that a change compares again, with the grace of a closing.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after closing.sql.

CREATE OR REPLACE FUNCTION recon.track_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    first_hour timestamptz;
BEGIN
    -- An hour lies on up to three dates: clocks go from twelve hours behind UTC to fourteen ahead, and
    -- with a grace of up to two hours it may be the closing of the date before.
    IF TG_OP = 'DELETE' THEN
        INSERT INTO recon.changed (first_date, last_date)
        SELECT DISTINCT (as_of_hour AT TIME ZONE 'UTC' - interval '14 hours')::date,
                        (as_of_hour AT TIME ZONE 'UTC' + interval '15 hours')::date FROM old_rows;
        RETURN NULL;
    END IF;
    INSERT INTO recon.changed (first_date, last_date)
    SELECT DISTINCT (as_of_hour AT TIME ZONE 'UTC' - interval '14 hours')::date,
                    (as_of_hour AT TIME ZONE 'UTC' + interval '15 hours')::date FROM new_rows;
    IF TG_OP = 'UPDATE' THEN
        RETURN NULL;
    END IF;
    -- A balance may be the first of its account, and all of the account's dates then have another beginning: only of
    -- an account that nobody expected before.
    SELECT min(as_of_hour) INTO first_hour FROM new_rows;
    IF EXISTS (SELECT FROM ledger.account AS a
                WHERE a.active AND NOT EXISTS (
                      SELECT FROM ledger.account_period AS p
                       WHERE p.account_id = a.account_id AND p.opened_at <= first_hour)) THEN
        INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
        SELECT DISTINCT a.entity, a.gl_account, a.currency, date '-infinity', date 'infinity'
          FROM (SELECT account_id, min(as_of_hour) AS as_of_hour FROM new_rows GROUP BY account_id) AS n
          JOIN ledger.account AS a USING (account_id)
         WHERE NOT EXISTS (SELECT FROM ledger.account_period AS p
                            WHERE p.account_id = n.account_id AND p.opened_at <= n.as_of_hour)
           AND NOT EXISTS (SELECT FROM ledger.balance AS b
                            WHERE b.account_id = n.account_id AND b.as_of_hour < n.as_of_hour);
        -- … and so have those that have neither, when it is the first of all.
        INSERT INTO recon.changed (first_date, last_date)
        SELECT '-infinity', 'infinity'
         WHERE NOT EXISTS (SELECT FROM ledger.balance AS b WHERE b.as_of_hour < first_hour);
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER track_changed ON ledger.account;
CREATE TRIGGER track_changed AFTER UPDATE ON ledger.account FOR EACH ROW
    WHEN ((NEW.entity, NEW.gl_account, NEW.currency, NEW.minor_units, NEW.tolerance, NEW.time_zone, NEW.cut_off,
           NEW.closing_grace_minutes, NEW.max_age_minutes, NEW.active) IS DISTINCT FROM
          (OLD.entity, OLD.gl_account, OLD.currency, OLD.minor_units, OLD.tolerance, OLD.time_zone, OLD.cut_off,
           OLD.closing_grace_minutes, OLD.max_age_minutes, OLD.active))
    EXECUTE FUNCTION recon.track_account();

-- Every date: what lies in the first minutes of one belongs to the one before now.
INSERT INTO recon.changed (first_date, last_date)
SELECT '-infinity', 'infinity' WHERE EXISTS (SELECT FROM recon.reconciliation);
