-- Purpose: what operators decide: hosts and accounts that are accepted, answers that are released, balances that are
--          set aside. Each runs with the owner's rights, and keeps who and why.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION ledger.accept_host(host text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    INSERT INTO ledger.accepted_host (api_host, accepted_by) VALUES (lower(host), session_user)
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION ledger.accept_host(text) IS
    'Lets balances from another API host into this ledger. For qbank_operator.';

CREATE FUNCTION ledger.accept_accounts(fingerprint text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    INSERT INTO ledger.accepted_accounts (fingerprint, accepted_by) VALUES (lower(fingerprint), session_user)
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION ledger.accept_accounts(text) IS
    'Lets an accounts file close more than half of the ledger''s accounts; the refused run''s message names the '
    'fingerprint. For qbank_operator.';

CREATE FUNCTION ledger.release(run_no bigint, account_id text, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    held     record;
    problem  text;
    moment   timestamptz;
    new_seal bigint;
BEGIN
    IF coalesce(btrim(release.reason), '') = '' THEN
        RAISE EXCEPTION 'A release needs a reason: say why the answer is right.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- As a publish does: the lock first, then the run, then the time.
    PERFORM ledger.acquire_lock('publish');
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
    INSERT INTO sync.release (run_no, account_id, released_at, released_by, reason, held_for, available_balance,
                              ledger_balance, observed_at, seal_no)
    VALUES (release.run_no, release.account_id, moment, session_user, btrim(release.reason), held.reasons,
            held.available_balance, held.ledger_balance, held.observed_at, new_seal);
    RETURN new_seal;
END $$;
COMMENT ON FUNCTION ledger.release(bigint, text, text) IS
    'Publishes an answer that was held back, after review: under the hour of its observation, with a seal of its '
    'own, unless a later observation of that hour is there. Returns the seal''s number; null: the later observation '
    'stays. Refuses, in a sentence, what has not the form of a balance in the account''s currency. Who and why stay '
    'in sync.release; the run''s outcome stays what it was. For qbank_operator.';

CREATE FUNCTION ledger.set_aside(run_no bigint, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    moment  timestamptz;
    count   bigint;
BEGIN
    IF coalesce(set_aside.reason, '') !~ '\S' THEN
        RAISE EXCEPTION 'To set balances aside needs a reason: say what was wrong with the clock.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM ledger.acquire_lock('publish');
    moment := clock_timestamp();
    -- Those that another one from the same hour to come replaced are set aside as well.
    INSERT INTO ledger.balance_set_aside (account_id, as_of_hour, seal_no, run_no, observed_at, set_aside_at,
                                          set_aside_by, reason)
    SELECT v.account_id, v.as_of_hour, v.seal_no, v.run_no, v.observed_at, moment, session_user,
           btrim(set_aside.reason, E' \t\r\n')
      FROM (SELECT b.account_id, b.as_of_hour, b.seal_no, b.run_no, b.observed_at FROM ledger.balance AS b
             WHERE b.as_of_hour >= date_trunc('hour', moment, 'UTC')
            UNION ALL
            SELECT h.account_id, h.as_of_hour, h.seal_no, h.run_no, h.observed_at FROM ledger.balance_history AS h
             WHERE h.as_of_hour >= date_trunc('hour', moment, 'UTC')) AS v
     WHERE v.run_no = set_aside.run_no AND ledger.is_ahead(v.observed_at)
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS count = ROW_COUNT;
    IF count = 0 THEN
        RAISE EXCEPTION 'Run % has no balance that lies ahead of the clock, or all of them are set aside.',
              set_aside.run_no USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- ledger.archive_deleted moves them to the history.
    DELETE FROM ledger.balance AS b USING ledger.balance_set_aside AS x
     WHERE (x.account_id, x.as_of_hour, x.seal_no) = (b.account_id, b.as_of_hour, b.seal_no)
       AND b.as_of_hour >= date_trunc('hour', moment, 'UTC') AND x.run_no = set_aside.run_no;
    INSERT INTO ledger.missing_hour_reason (account_id, as_of_hour, reason, run_no)
    SELECT x.account_id, x.as_of_hour, 'set aside: the clock ran ahead', x.run_no FROM ledger.balance_set_aside AS x
     WHERE x.run_no = set_aside.run_no AND x.set_aside_at = moment
        ON CONFLICT DO NOTHING;
    RETURN count;
END $$;
COMMENT ON FUNCTION ledger.set_aside(bigint, text) IS
    'Sets aside, for ever, what a run observed while the clock ran ahead: those of its balances that lie more than a '
    'minute ahead of the clock now. They leave ledger.balance for its history. Returns how many. For qbank_operator.';
