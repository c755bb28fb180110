-- Purpose: what holds the ledger's rows together whoever writes: versions in order, history, turns, partitions.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

-- ── Append-only ──────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: it is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION ledger.refuse_change() IS 'Makes a table append-only, also for its owner.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.balance_set_aside
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- ── Versions of a balance ────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ledger.guard_balance() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
    IF (NEW.account_id, NEW.as_of_hour) IS DISTINCT FROM (OLD.account_id, OLD.as_of_hour) THEN
        RAISE EXCEPTION 'a balance keeps its account and its hour (% %)', OLD.account_id, OLD.as_of_hour;
    END IF;
    IF NEW.observed_at < OLD.observed_at THEN
        RAISE EXCEPTION 'an older observation never replaces a newer one (% %)', OLD.account_id, OLD.as_of_hour;
    END IF;
    -- Changed by another hand than a publish: the version still gets its own time and number.
    NEW.recorded_at := greatest(clock_timestamp(), OLD.recorded_at + interval '1 microsecond');
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION ledger.guard_balance() IS 'Keeps the versions of a balance in order, whoever changes it.';

CREATE TRIGGER guard_balance BEFORE UPDATE ON ledger.balance FOR EACH ROW
    WHEN ((NEW.account_id, NEW.as_of_hour) IS DISTINCT FROM (OLD.account_id, OLD.as_of_hour)
          OR NEW.observed_at < OLD.observed_at
          OR NEW.recorded_at <= OLD.recorded_at
          OR NEW.revision <> OLD.revision + 1)
    EXECUTE FUNCTION ledger.guard_balance();

-- A publish of a million rows joins in memory, not on disk.
CREATE FUNCTION ledger.archive_updated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '128MB' AS $$
BEGIN
    INSERT INTO ledger.balance_history (account_id, as_of_hour, available_balance, ledger_balance, currency,
                                        observed_at, run_no, seal_no, revision, recorded_at, superseded_at)
    SELECT o.account_id, o.as_of_hour, o.available_balance, o.ledger_balance, o.currency, o.observed_at,
           o.run_no, o.seal_no, o.revision, o.recorded_at, n.recorded_at
      FROM old_rows AS o JOIN new_rows AS n USING (account_id, as_of_hour);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger.archive_updated() IS 'Moves the versions that an UPDATE replaced to ledger.balance_history.';

CREATE FUNCTION ledger.archive_deleted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
    INSERT INTO ledger.balance_history (account_id, as_of_hour, available_balance, ledger_balance, currency,
                                        observed_at, run_no, seal_no, revision, recorded_at, superseded_at)
    SELECT o.account_id, o.as_of_hour, o.available_balance, o.ledger_balance, o.currency, o.observed_at,
           o.run_no, o.seal_no, o.revision, o.recorded_at,
           greatest(clock_timestamp(), o.recorded_at + interval '1 microsecond')
      FROM old_rows AS o;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger.archive_deleted() IS 'Moves the versions that a DELETE took away to ledger.balance_history.';

-- Statement triggers do not reach partitions that are named directly, so each relation gets its
-- own: through the parent only the parent's fire, on a partition only the partition's.
CREATE PROCEDURE ledger.guard_relation(relation regclass, kind text) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
    IF kind = 'balance' THEN
        EXECUTE format('CREATE TRIGGER archive_updated AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows'
                       ' NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_updated()', relation);
        EXECUTE format('CREATE TRIGGER archive_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_deleted()', relation);
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', relation);
        EXECUTE format('CREATE TRIGGER track_inserted AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance()', relation);
        EXECUTE format('CREATE TRIGGER track_updated AFTER UPDATE ON %s REFERENCING NEW TABLE AS new_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance()', relation);
        EXECUTE format('CREATE TRIGGER track_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance()', relation);
    ELSIF kind = 'balance_history' THEN
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', relation);
    END IF;
END $$;
COMMENT ON PROCEDURE ledger.guard_relation(regclass, text) IS
    'Puts the statement triggers of balance or balance_history on a relation.';

-- ── Locks ────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ledger.acquire_lock(room text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    turn      regclass := to_regclass(format('ledger.%I', 'lock_' || room));
    given     text := current_setting('lock_timeout');
    limit_ms  bigint := extract(epoch FROM given::interval) * 1000;
    wait_ms   bigint;
    holder    text;
BEGIN
    IF turn IS NULL THEN
        RAISE EXCEPTION 'There is no lock %: name plan, publish or reconcile.', room
            USING ERRCODE = 'invalid_parameter_value';
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
COMMENT ON FUNCTION ledger.acquire_lock(text) IS
    'Waits, as long as lock_timeout says, until nobody else plans, publishes or reconciles (room), and keeps the '
    'others off to the end of the transaction; who has it is named. For qbank_loader.';

-- What a reader may ask for, though it is refused once it comes to it (CREATE RULE, VACUUM FULL), stands in the queue
-- before a publish while somebody reads. Only a superuser can give the owner what this takes: see server.sql.
CREATE FUNCTION ledger.cancel_blocking_readers(waiter integer) RETURNS SETOF integer LANGUAGE plpgsql SECURITY DEFINER
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
       AND pg_cancel_backend(b.pid);
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END $$;
COMMENT ON FUNCTION ledger.cancel_blocking_readers(integer) IS
    'Cancels the statements of readers that a session of the caller''s login waits for; returns their pids. Does '
    'nothing where qbank_owner lacks pg_signal_backend. For qbank_loader.';
