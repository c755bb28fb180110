-- Purpose: locks that a reader can't take; a release that reads a currency as the audit does; balances from a clock
--          that ran ahead.
-- Run as:  qbank_owner, in one transaction (see migrate.py). Changes no row.

-- ── Turns ───────────────────────────────────────────────────────────────────────────────────────

-- A table for each, without column, row or grant: an advisory lock is anybody's, and a row may go. The mode keeps
-- off who takes it as well, and no reader.
CREATE TABLE ledger.lock_plan ();
CREATE TABLE ledger.lock_publish ();
CREATE TABLE ledger.lock_reconcile ();
COMMENT ON TABLE ledger.lock_plan IS 'Held by who plans or makes partitions: see ledger.take_turn. Without rows.';
COMMENT ON TABLE ledger.lock_publish IS 'Held by who publishes, releases or sets aside: see ledger.take_turn. Without rows.';
COMMENT ON TABLE ledger.lock_reconcile IS 'Held by who compares or signs off: see ledger.take_turn. Without rows.';

CREATE FUNCTION ledger.take_turn(room text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    turn      regclass := to_regclass(format('ledger.%I', 'lock_' || room));
    given     text := current_setting('lock_timeout');
    limit_ms  bigint := extract(epoch FROM given::interval) * 1000;
    wait_ms   bigint;
    holder    text;
BEGIN
    IF turn IS NULL THEN
        RAISE EXCEPTION 'There is no lock %: name plan, publish or reconcile.', room USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- A few seconds at first; then, with a word on who holds it, as long as the session waits for locks.
    FOREACH wait_ms IN ARRAY CASE WHEN limit_ms BETWEEN 1 AND 3000 THEN ARRAY[limit_ms]
                                  ELSE ARRAY[3000, greatest(limit_ms - 3000, 0)] END
    LOOP
        BEGIN
            PERFORM set_config('lock_timeout', wait_ms::text, true);
            EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', turn);
            PERFORM set_config('lock_timeout', given, true);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            SELECT string_agg(format('pid %s of %s', l.pid, a.usename), ', ') INTO holder
              FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
             WHERE l.locktype = 'relation' AND l.relation = turn AND a.datname = current_database()
               AND l.granted AND l.mode = 'ShareRowExclusiveLock';
            holder := coalesce(holder, 'somebody who is done by now');
            RAISE WARNING 'Waiting for the lock %, held by %.', room, holder;
        END;
    END LOOP;
    RAISE EXCEPTION 'the lock % is held by %', room, holder USING ERRCODE = 'lock_not_available';
END $$;
COMMENT ON FUNCTION ledger.take_turn(text) IS 'Waits, as long as lock_timeout says, until nobody else plans, publishes or reconciles (room), and keeps the others off to the end of the transaction; who has it is named. For qbank_loader.';

-- What a reader may ask for, though it is refused once it comes to it (CREATE RULE, VACUUM FULL), stands in the queue
-- before a publish while somebody reads. Only a superuser can give the owner what this takes: see server.sql.
CREATE FUNCTION ledger.make_way(waiter integer) RETURNS SETOF integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT b.pid
      FROM pg_stat_activity AS w
     CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS u (pid)
      JOIN pg_stat_activity AS b ON b.pid = u.pid
     WHERE w.pid = waiter AND w.usename = session_user
       AND NOT pg_has_role(b.usesysid, 'qbank_loader', 'MEMBER') AND NOT pg_has_role(b.usesysid, 'qbank_owner', 'MEMBER')
       AND (pg_has_role(b.usesysid, 'qbank_analyst', 'MEMBER') OR pg_has_role(b.usesysid, 'qbank_operator', 'MEMBER')
            OR pg_has_role(b.usesysid, 'qbank_preparer', 'MEMBER') OR pg_has_role(b.usesysid, 'qbank_approver', 'MEMBER'))
       -- Who releases, sets aside or signs off has a turn, or waits for one, and is let finish.
       AND NOT EXISTS (SELECT FROM pg_locks AS l
                        WHERE l.pid = b.pid AND l.mode = 'ShareRowExclusiveLock' AND l.locktype = 'relation'
                          AND l.relation IN ('ledger.lock_plan'::regclass, 'ledger.lock_publish'::regclass, 'ledger.lock_reconcile'::regclass))
       AND pg_cancel_backend(b.pid);
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END $$;
COMMENT ON FUNCTION ledger.make_way(integer) IS 'Cancels the statements of readers that a session of the caller''s login waits for; returns their pids. Does nothing where qbank_owner lacks pg_signal_backend. For qbank_loader.';

CREATE OR REPLACE FUNCTION ledger.ensure_partitions(at timestamptz DEFAULT now()) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent   text;
    month    timestamp;
    child    text;
    key      text;
    created  integer := 0;
BEGIN
    -- Two plans at once: the second waits, then finds nothing to do.
    PERFORM ledger.take_turn('plan');
    FOREACH parent IN ARRAY ARRAY['ledger.balance', 'ledger.balance_history', 'sync.observation'] LOOP
        key := CASE parent WHEN 'sync.observation' THEN 'run_started_at' ELSE 'as_of_hour' END;
        FOR month IN
            SELECT generate_series(date_trunc('month', at AT TIME ZONE 'UTC') - interval '1 month',
                                   date_trunc('month', at AT TIME ZONE 'UTC') + interval '2 months',
                                   interval '1 month')
        LOOP
            child := parent || to_char(month, '"_"YYYY"_"MM');
            CONTINUE WHEN to_regclass(child) IS NOT NULL;
            -- CREATE … PARTITION OF would wait behind every open SELECT on the parent, and every
            -- publish behind it: CREATE and ATTACH do not. The CHECK spares ATTACH its scan.
            EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS, '
                           'CONSTRAINT bounds CHECK (%I >= %L AND %I < %L))', child, parent,
                           key, month AT TIME ZONE 'UTC', key, (month + interval '1 month') AT TIME ZONE 'UTC');
            CALL ledger.guard_relation(child::regclass, split_part(parent, '.', 2));
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', parent, child,
                           month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT bounds', child);
            created := created + 1;
        END LOOP;
    END LOOP;
    RETURN created;
END $$;

CREATE OR REPLACE FUNCTION recon.take_turn() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET lock_timeout = '30s' AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'Comparing and signing off need the isolation level READ COMMITTED: begin the transaction with it.'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM ledger.take_turn('reconcile');
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'A reconciliation, or somebody else''s sign-off, is at work: try again in a minute.'
        USING ERRCODE = 'lock_not_available', DETAIL = SQLERRM;
END $$;

-- ── Release ─────────────────────────────────────────────────────────────────────────────────────

CREATE OR REPLACE FUNCTION ledger.release(run_no bigint, account_id text, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held     record;
    problem  text;
    moment   timestamptz;
    new_seal bigint;
BEGIN
    IF coalesce(btrim(release.reason), '') = '' THEN
        RAISE EXCEPTION 'A release needs a reason: say why the answer is right.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- As a publish does: the lock first, then the run, then the time.
    PERFORM ledger.take_turn('publish');
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
        WHEN held.available_balance IN ('NaN', 'Infinity', '-Infinity') OR held.ledger_balance IN ('NaN', 'Infinity', '-Infinity')
            THEN 'a balance is not a finite number'
        WHEN greatest(length(ltrim(translate(trim_scale(abs(held.available_balance))::text, '.', ''), '0')),
                      length(ltrim(translate(trim_scale(abs(held.ledger_balance))::text, '.', ''), '0'))) > 38
            THEN 'a balance has more than 38 digits'
        WHEN greatest(scale(trim_scale(held.available_balance)), scale(trim_scale(held.ledger_balance))) > held.minor_units
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
    VALUES (release.account_id, date_trunc('hour', held.observed_at, 'UTC'), held.available_balance, held.ledger_balance,
            held.currency, held.observed_at, release.run_no, new_seal, 1, moment)
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
    INSERT INTO sync.release VALUES (release.run_no, release.account_id, moment, session_user, btrim(release.reason),
        held.reasons, held.available_balance, held.ledger_balance, held.observed_at, new_seal);
    RETURN new_seal;
END $$;

-- ── A clock that ran ahead ──────────────────────────────────────────────────────────────────────

-- By the statement: a transaction that is open for long sees what was published since it began.
CREATE FUNCTION ledger.is_ahead(observed_at timestamptz) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN observed_at > statement_timestamp() + interval '1 minute';
COMMENT ON FUNCTION ledger.is_ahead(timestamptz) IS 'Whether an observation lies more than a minute ahead of the database''s clock: the clock ran ahead when it was made, or is behind now.';

CREATE TABLE ledger.balance_set_aside (
    account_id    text NOT NULL,
    as_of_hour    timestamptz NOT NULL,
    seal_no       bigint NOT NULL,
    run_no        bigint NOT NULL,
    observed_at   timestamptz NOT NULL,
    set_aside_at  timestamptz NOT NULL,
    set_aside_by  text NOT NULL,
    reason        text NOT NULL CHECK (reason ~ '\S'),
    PRIMARY KEY (account_id, as_of_hour, seal_no)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.balance_set_aside
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE ledger.balance_set_aside IS 'Balances that were observed while the clock ran ahead, and an operator set aside, who and why: each is in ledger.balance_history, as it was sealed; append-only, kept for ever. Grain: version set aside.';
COMMENT ON COLUMN ledger.balance_set_aside.account_id IS 'The account.';
COMMENT ON COLUMN ledger.balance_set_aside.as_of_hour IS 'The UTC hour that the clock said it was.';
COMMENT ON COLUMN ledger.balance_set_aside.seal_no IS 'The seal that covers the balance.';
COMMENT ON COLUMN ledger.balance_set_aside.run_no IS 'The run that observed it.';
COMMENT ON COLUMN ledger.balance_set_aside.observed_at IS 'When the answer arrived, by the clock that ran ahead (UTC).';
COMMENT ON COLUMN ledger.balance_set_aside.set_aside_at IS 'When it was set aside (UTC).';
COMMENT ON COLUMN ledger.balance_set_aside.set_aside_by IS 'The login that set it aside.';
COMMENT ON COLUMN ledger.balance_set_aside.reason IS 'Why, in the operator''s words.';

CREATE FUNCTION ledger.set_aside(run_no bigint, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment  timestamptz;
    count   bigint;
BEGIN
    IF coalesce(set_aside.reason, '') !~ '\S' THEN
        RAISE EXCEPTION 'To set balances aside needs a reason: say what was wrong with the clock.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM ledger.take_turn('publish');
    moment := clock_timestamp();
    -- Those that another one from the same hour to come replaced are set aside as well.
    INSERT INTO ledger.balance_set_aside
    SELECT v.account_id, v.as_of_hour, v.seal_no, v.run_no, v.observed_at, moment, session_user, btrim(set_aside.reason, E' \t\r\n')
      FROM (SELECT b.account_id, b.as_of_hour, b.seal_no, b.run_no, b.observed_at FROM ledger.balance AS b
             WHERE b.as_of_hour >= date_trunc('hour', moment, 'UTC')
            UNION ALL
            SELECT h.account_id, h.as_of_hour, h.seal_no, h.run_no, h.observed_at FROM ledger.balance_history AS h
             WHERE h.as_of_hour >= date_trunc('hour', moment, 'UTC')) AS v
     WHERE v.run_no = set_aside.run_no AND ledger.is_ahead(v.observed_at)
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS count = ROW_COUNT;
    IF count = 0 THEN
        RAISE EXCEPTION 'Run % has no balance that lies ahead of the clock, or all of them are set aside.', set_aside.run_no
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- ledger.keep_deleted moves them to the history.
    DELETE FROM ledger.balance AS b USING ledger.balance_set_aside AS x
     WHERE (x.account_id, x.as_of_hour, x.seal_no) = (b.account_id, b.as_of_hour, b.seal_no)
       AND b.as_of_hour >= date_trunc('hour', moment, 'UTC') AND x.run_no = set_aside.run_no;
    INSERT INTO ledger.gap (account_id, as_of_hour, reason, run_no)
    SELECT x.account_id, x.as_of_hour, 'set aside: the clock ran ahead', x.run_no FROM ledger.balance_set_aside AS x
     WHERE x.run_no = set_aside.run_no AND x.set_aside_at = moment
        ON CONFLICT DO NOTHING;
    RETURN count;
END $$;
COMMENT ON FUNCTION ledger.set_aside(bigint, text) IS 'Sets aside, for ever, what a run observed while the clock ran ahead: those of its balances that lie more than a minute ahead of the clock now. They leave ledger.balance for its history. Returns how many. For qbank_operator.';

CREATE OR REPLACE VIEW ledger.latest_balance AS
SELECT a.account_id, a.name, a.entity, a.gl_account, a.active, b.currency,
       b.available_balance, b.ledger_balance, b.as_of_hour, b.observed_at, b.run_no, b.seal_no, b.revision, b.recorded_at,
       now() - b.observed_at AS age,
       now() - b.observed_at > make_interval(mins => a.max_age_minutes) OR ledger.is_ahead(b.observed_at) AS is_stale
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       -- One from the future, the nearest, only where there is no other: any other is of an earlier hour.
       SELECT * FROM (
             (SELECT * FROM ledger.balance AS b
               WHERE b.account_id = a.account_id AND NOT ledger.is_ahead(b.observed_at)
               ORDER BY b.as_of_hour DESC LIMIT 1)
             UNION ALL
             (SELECT * FROM ledger.balance AS b
               WHERE b.account_id = a.account_id AND ledger.is_ahead(b.observed_at)
                 AND b.as_of_hour >= date_trunc('hour', statement_timestamp(), 'UTC')
               ORDER BY b.as_of_hour LIMIT 1)) AS newest
        ORDER BY newest.as_of_hour LIMIT 1) AS b;
COMMENT ON VIEW ledger.latest_balance IS 'The newest balance of each account that has one; one from the future (ledger.is_ahead) only where there is no other. Grain: account.';
COMMENT ON COLUMN ledger.latest_balance.age IS 'Time since the observation; negative: it is from the future.';
COMMENT ON COLUMN ledger.latest_balance.is_stale IS 'Whether that is more than the account''s max_age_minutes, or the balance is from the future.';

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
                AND (b.observed_at AT TIME ZONE zone)::date = on_date AND NOT ledger.is_ahead(b.observed_at)
                AND (cut_off IS NULL OR (b.observed_at AT TIME ZONE zone)::time < cut_off)
              ORDER BY b.as_of_hour DESC LIMIT 1)
            UNION ALL
            (SELECT h.account_id, h.as_of_hour, h.available_balance, h.ledger_balance, h.currency, h.observed_at,
                    h.run_no, h.seal_no, h.revision, h.recorded_at
               FROM ledger.balance_history AS h
              WHERE h.account_id = of_account
                AND h.as_of_hour >= (on_date::timestamp AT TIME ZONE zone) - interval '3 hours'
                AND h.as_of_hour < ((on_date + coalesce(cut_off, '24:00')) AT TIME ZONE zone) + interval '3 hours'
                AND (h.observed_at AT TIME ZONE zone)::date = on_date AND NOT ledger.is_ahead(h.observed_at)
                AND NOT EXISTS (SELECT FROM ledger.balance_set_aside AS x
                                 WHERE (x.account_id, x.as_of_hour, x.seal_no) = (h.account_id, h.as_of_hour, h.seal_no))
                AND (cut_off IS NULL OR (h.observed_at AT TIME ZONE zone)::time < cut_off)
              ORDER BY h.observed_at DESC, h.recorded_at DESC LIMIT 1)) AS v
     ORDER BY v.observed_at DESC, v.recorded_at DESC
     LIMIT 1
$$;
COMMENT ON FUNCTION ledger.closing(text, text, time, date) IS 'The closing of an account on a local date: the newest observation, superseded ones included, in that date and before the cut-off, both by the clock of the time zone; none from the future (ledger.is_ahead) and none that was set aside; no row: none. Nothing is carried over. Grain: at most one row.';


-- ── Names ───────────────────────────────────────────────────────────────────────────────────────

-- A function in SQL that pins no search path, so that queries take it in, is read here and now: as text it was read
-- anew by each caller, in whose path somebody may have put a function that fits better.
DO $$
DECLARE
    definition text;
BEGIN
    FOR definition IN
        SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
         WHERE p.pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
           AND l.lanname = 'sql' AND p.prosqlbody IS NULL AND p.proconfig IS NULL
    LOOP
        EXECUTE regexp_replace(definition, 'AS \$function\$(.*)\$function\$', E'BEGIN ATOMIC\\1;\nEND');
    END LOOP;
END $$;

-- ── Grants ──────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION ledger.take_turn(text), ledger.make_way(integer), ledger.is_ahead(timestamptz),
    ledger.set_aside(bigint, text) FROM PUBLIC;
GRANT SELECT ON ledger.balance_set_aside TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT EXECUTE ON FUNCTION ledger.is_ahead(timestamptz)
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT EXECUTE ON FUNCTION ledger.set_aside(bigint, text) TO qbank_operator;
GRANT EXECUTE ON FUNCTION ledger.take_turn(text), ledger.make_way(integer) TO qbank_loader;
