-- Purpose: exchange rates, as files gave them, each with its date, file and line: for figures in a reporting currency.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

ALTER TABLE recon.file_load
    DROP CONSTRAINT gl_load_kind_check,
    ADD CONSTRAINT file_load_kind_check CHECK (kind IN ('gl', 'items', 'rates'));
COMMENT ON COLUMN recon.file_load.kind IS
    'gl: closing balances; items: outstanding items; rates: exchange rates.';
COMMENT ON COLUMN recon.file_load.rows IS 'Rows that it holds: balances, items or rates.';

CREATE TABLE ledger.fx_rate (
    load_no        bigint NOT NULL REFERENCES recon.file_load,
    from_currency  ledger.currency_code NOT NULL,
    to_currency    ledger.currency_code NOT NULL,
    as_of_date     date NOT NULL CHECK (isfinite(as_of_date)),
    -- NaN is above everything, Infinity above everything else.
    rate           numeric NOT NULL CHECK (rate > 0 AND rate < 'Infinity'),
    line_no        integer NOT NULL CHECK (line_no > 0),
    -- In the order in which the newest rate of a pair is looked for.
    PRIMARY KEY (from_currency, to_currency, as_of_date, load_no),
    CONSTRAINT a_rate_is_between_two_currencies CHECK (from_currency <> to_currency)
);
-- By which the currencies that there are rates to are found.
CREATE INDEX fx_rate_to ON ledger.fx_rate (to_currency);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.fx_rate
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE ledger.fx_rate IS
    'Exchange rates as each file gave them; append-only. The newest load of a pair and date counts '
    '(ledger.current_fx_rate). No balance depends on one: they convert what is shown, beside what it is. Grain: pair '
    'of currencies × date × load.';
COMMENT ON COLUMN ledger.fx_rate.load_no IS 'The load that gave it.';
COMMENT ON COLUMN ledger.fx_rate.from_currency IS 'ISO 4217 code of the currency of which the rate is for one unit.';
COMMENT ON COLUMN ledger.fx_rate.to_currency IS 'ISO 4217 code of the currency that the rate is in.';
COMMENT ON COLUMN ledger.fx_rate.as_of_date IS 'The date of which it is.';
COMMENT ON COLUMN ledger.fx_rate.rate IS
    'Units of to_currency for one unit of from_currency; exact, with the decimals that the file gave.';
COMMENT ON COLUMN ledger.fx_rate.line_no IS 'Line of the file, or row of the sheet, on which it begins.';

CREATE VIEW ledger.current_fx_rate AS
SELECT r.from_currency, r.to_currency, r.as_of_date, r.rate, r.load_no, f.source, f.name AS file_name, r.line_no,
       f.profile, f.loaded_at, f.loaded_by
  FROM (SELECT DISTINCT ON (from_currency, to_currency, as_of_date) *
          FROM ledger.fx_rate
         ORDER BY from_currency, to_currency, as_of_date DESC, load_no DESC) AS r
  JOIN recon.file_load AS f USING (load_no);
COMMENT ON VIEW ledger.current_fx_rate IS
    'The exchange rate of each date as its newest load gave it, beside the file and the line that it came from. Grain: '
    'pair of currencies × date.';
COMMENT ON COLUMN ledger.current_fx_rate.from_currency IS
    'ISO 4217 code of the currency of which the rate is for one unit.';
COMMENT ON COLUMN ledger.current_fx_rate.to_currency IS 'ISO 4217 code of the currency that the rate is in.';
COMMENT ON COLUMN ledger.current_fx_rate.as_of_date IS 'The date of which it is.';
COMMENT ON COLUMN ledger.current_fx_rate.rate IS 'Units of to_currency for one unit of from_currency; exact.';
COMMENT ON COLUMN ledger.current_fx_rate.load_no IS 'The load that gave it.';
COMMENT ON COLUMN ledger.current_fx_rate.source IS
    'The source that the file came from by itself; null: a person or a run named it.';
COMMENT ON COLUMN ledger.current_fx_rate.file_name IS 'The file.';
COMMENT ON COLUMN ledger.current_fx_rate.line_no IS 'Line of the file, or row of the sheet, on which it begins.';
COMMENT ON COLUMN ledger.current_fx_rate.profile IS 'The profile by which the file was read.';
COMMENT ON COLUMN ledger.current_fx_rate.loaded_at IS 'When it was loaded (UTC).';
COMMENT ON COLUMN ledger.current_fx_rate.loaded_by IS 'Who loaded it: through the page airflow:NAME, else the login.';

CREATE FUNCTION recon.check_rates_loaded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    actor   text := recon.actor();
    who     text := recon.identity_of(actor, session_user);
    others  bigint;
BEGIN
    -- A run's login stands in no register: its rows are not looked at.
    IF NOT recon.is_bound() THEN
        RETURN NULL;
    END IF;
    SELECT n.load_no INTO others
      FROM (SELECT DISTINCT load_no FROM new_rows) AS n
     WHERE NOT EXISTS (SELECT FROM recon.file_load AS f
                        -- Of this transaction: loaded_at is its beginning, and nobody may give it.
                        WHERE f.load_no = n.load_no
                          AND (f.loaded_at, f.loaded_by, f.via) = (now(), actor, session_user))
     ORDER BY n.load_no LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Load % is complete: % may add rows only to a load of the same transaction.', others, actor
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT EXISTS (SELECT FROM recon.signatory AS s
                    WHERE s.identity = who AND s.may = 'load' AND s.entity IS NULL
                      AND s.revoked_at IS NULL) THEN
        RAISE EXCEPTION 'The file can''t be loaded: exchange rates are every entity''s, and % may not load for all: an '
                        'operator grants it with recon.grant_signatory.', who
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.check_rates_loaded() IS
    'Refuses rates of who may not load for all entities, and rates added to a load that is not of the same '
    'transaction; of those whom recon.signatory binds, and once a statement.';
REVOKE ALL ON FUNCTION recon.check_rates_loaded() FROM PUBLIC;

CREATE TRIGGER check_loaded AFTER INSERT ON ledger.fx_rate REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.check_rates_loaded();

GRANT SELECT ON ledger.fx_rate, ledger.current_fx_rate TO qbank_analyst;
GRANT INSERT ON ledger.fx_rate TO qbank_loader, qbank_desk;
