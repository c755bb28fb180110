-- Purpose: releasing from quarantine through the page, in the name of an identity that may.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

ALTER TABLE sync.release ADD COLUMN via text;
-- Who released until now did so by a login of his own.
ALTER TABLE sync.release DISABLE TRIGGER append_only;
UPDATE sync.release SET via = released_by;
ALTER TABLE sync.release ENABLE TRIGGER append_only;
ALTER TABLE sync.release
    ALTER COLUMN via SET NOT NULL,
    ALTER COLUMN via SET DEFAULT session_user;
COMMENT ON COLUMN sync.release.released_by IS 'Who released it: through the page airflow:NAME, else the login.';
COMMENT ON COLUMN sync.release.via IS 'The login that it came by: who released it, or the page''s.';

CREATE OR REPLACE FUNCTION ledger.release(run_no bigint, account_id text, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    held     record;
    who      text := recon.actor();
    problem  text;
    moment   timestamptz;
    new_seal bigint;
BEGIN
    IF coalesce(btrim(release.reason), '') = '' THEN
        RAISE EXCEPTION 'A release needs a reason: say why the answer is right.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- As a publish does: the lock first, then the run, then the time. A right is looked at after the wait.
    PERFORM ledger.acquire_lock('publish');
    SELECT recon.lacks_right('release', ARRAY[a.entity]) INTO problem
      FROM ledger.account AS a WHERE a.account_id = release.account_id;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'Account % of run % can''t be released: %.', release.account_id, release.run_no, problem
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM FROM sync.run AS r WHERE r.run_no = release.run_no FOR UPDATE;
    moment := clock_timestamp();
    SELECT q.reasons, q.available_balance, q.ledger_balance, q.echoed_account_id, q.echoed_currency, q.observed_at,
           r.state, r.dry_run, r.started_at, a.currency, a.minor_units, x.released_at, x.released_by
      INTO held
      FROM sync.quarantine AS q
      JOIN sync.run AS r ON r.run_no = q.run_no
      JOIN sync.run_account AS a ON a.run_no = q.run_no AND a.account_id = q.account_id
      LEFT JOIN sync.release AS x ON x.run_no = q.run_no AND x.account_id = q.account_id
     WHERE q.run_no = release.run_no AND q.account_id = release.account_id;
    problem := CASE
        WHEN NOT FOUND THEN 'the run holds no answer of that account back'
        WHEN held.released_at IS NOT NULL THEN format('%s released it on %s', held.released_by, held.released_at)
        WHEN held.state = 'running' THEN 'the run is still open; wait for its end'
        WHEN held.dry_run THEN 'a dry run publishes nothing'
        WHEN held.available_balance IS NULL OR held.ledger_balance IS NULL THEN 'the answer does not give both balances'
        WHEN held.available_balance IN ('NaN', 'Infinity', '-Infinity')
             OR held.ledger_balance IN ('NaN', 'Infinity', '-Infinity')
            THEN 'a balance is not a finite number'
        WHEN greatest(length(ltrim(translate(trim_scale(abs(held.available_balance))::text, '.', ''), '0')),
                      length(ltrim(translate(trim_scale(abs(held.ledger_balance))::text, '.', ''), '0'))) > 38
            THEN 'a balance has more than 38 digits'
        WHEN greatest(scale(trim_scale(held.available_balance)),
                      scale(trim_scale(held.ledger_balance))) > held.minor_units
            THEN format('a balance has more decimals than %s', held.currency)
        WHEN held.echoed_account_id <> release.account_id THEN 'the answer is about another account'
        WHEN upper(btrim(held.echoed_currency, ' ' || chr(9) || chr(10) || chr(13)) COLLATE "C") <> held.currency
            THEN format('the answer is not in the account''s currency, %s', held.currency)
        WHEN held.observed_at NOT BETWEEN held.started_at AND moment THEN 'it was not observed within the run'
    END;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'Account % of run % can''t be released: %.', release.account_id, release.run_no, problem
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    new_seal := nextval('ledger.seal_no');
    INSERT INTO ledger.balance AS b (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at,
                                     run_no, seal_no, revision, recorded_at)
    VALUES (release.account_id, date_trunc('hour', held.observed_at, 'UTC'), held.available_balance,
            held.ledger_balance, held.currency, held.observed_at, release.run_no, new_seal, 1, moment)
        ON CONFLICT ON CONSTRAINT balance_pkey DO UPDATE
       SET (available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at)
         = (excluded.available_balance, excluded.ledger_balance, excluded.currency, excluded.observed_at,
            excluded.run_no, excluded.seal_no, b.revision + 1, excluded.recorded_at)
     WHERE excluded.observed_at > b.observed_at;
    IF FOUND THEN
        PERFORM ledger.write_seal(new_seal, release.run_no, moment, date_trunc('hour', held.observed_at, 'UTC'));
    ELSE
        new_seal := NULL;
    END IF;
    INSERT INTO sync.release (run_no, account_id, released_at, released_by, via, reason, held_for, available_balance,
                              ledger_balance, observed_at, seal_no)
    VALUES (release.run_no, release.account_id, moment, who, session_user, btrim(release.reason),
            held.reasons, held.available_balance, held.ledger_balance, held.observed_at, new_seal);
    RETURN new_seal;
END $$;
COMMENT ON FUNCTION ledger.release(bigint, text, text) IS
    'Publishes an answer that was held back, after review: under the hour of its observation, with a seal of its '
    'own, unless a later observation of that hour is there. Returns the seal''s number; null: the later observation '
    'stays. Refuses, in a sentence, what has not the form of a balance in the account''s currency. Who and why stay '
    'in sync.release; the run''s outcome stays what it was. For qbank_operator, and qbank_desk in the '
    'name of who may release.';
