-- Purpose: partitions of what grows by the hour. Balances and their history, by month, are kept for ever. What sync has
--          for each account of a run, by blocks of runs, goes a block at a time once it is past its retention.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after what its triggers call.

CREATE PROCEDURE ledger.add_partition(parent regclass, child text, key text, first text, beyond text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
    -- CREATE … PARTITION OF would wait behind every open SELECT on the parent, and every publish behind it: CREATE and
    -- ATTACH do not. The CHECK spares ATTACH its scan.
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS, '
                   'CONSTRAINT bounds CHECK (%I >= %L AND %3$I < %5$L))', child, parent, key, first, beyond);
    CALL ledger.guard_relation(child::regclass, split_part(parent::text, '.', 2));
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', parent, child, first, beyond);
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT bounds', child);
END $$;
COMMENT ON PROCEDURE ledger.add_partition(regclass, text, text, text, text) IS
    'Makes a partition of a table by range, from a value of its key up to, and without, another; no reader delays it.';

CREATE FUNCTION sync.blocks(of_table text)
RETURNS TABLE (relation regclass, first_run_no bigint, last_run_no bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    SELECT c.oid::regclass, n.bounds[1]::bigint, n.bounds[2]::bigint
      FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
     CROSS JOIN LATERAL regexp_match(c.relname, '_(\d+)_(\d+)$') AS n (bounds)
     WHERE i.inhparent = to_regclass(format('sync.%I', of_table))
$$;
COMMENT ON FUNCTION sync.blocks(text) IS
    'The partitions of a table of sync, and the runs whose rows each holds: run_account_1_24. Grain: block.';

CREATE PROCEDURE sync.add_block(runs bigint) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    first   bigint;
    parent  text;
BEGIN
    SELECT 1 + coalesce(max(last_run_no), 0) INTO first FROM sync.blocks('run_account');
    FOR parent IN SELECT relname FROM pg_class WHERE relnamespace = 'sync'::regnamespace AND relkind = 'p' LOOP
        CALL ledger.add_partition(format('sync.%I', parent)::regclass,
                                  format('sync.%I', format('%s_%s_%s', parent, first, first + runs - 1)),
                                  'run_no', first::text, (first + runs)::text);
    END LOOP;
END $$;
COMMENT ON PROCEDURE sync.add_block(bigint) IS
    'Makes, in each partitioned table of sync, the partition for so many runs to come.';

CREATE FUNCTION ledger.ensure_partitions(at timestamptz DEFAULT now()) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    parent   text;
    month    timestamp;
    child    text;
    runs     bigint;
    created  integer := 0;
BEGIN
    -- Two plans at once: the second waits, then finds nothing to do.
    PERFORM ledger.acquire_lock('plan');
    FOREACH parent IN ARRAY ARRAY['ledger.balance', 'ledger.balance_history'] LOOP
        FOR month IN
            SELECT generate_series(date_trunc('month', at AT TIME ZONE 'UTC') - interval '1 month',
                                   date_trunc('month', at AT TIME ZONE 'UTC') + interval '2 months',
                                   interval '1 month')
        LOOP
            child := parent || to_char(month, '"_"YYYY"_"MM');
            CONTINUE WHEN to_regclass(child) IS NOT NULL;
            CALL ledger.add_partition(parent, child, 'as_of_hour', (month AT TIME ZONE 'UTC')::text,
                                      ((month + interval '1 month') AT TIME ZONE 'UTC')::text);
            created := created + 1;
        END LOOP;
    END LOOP;
    -- A block holds about ten days of runs, however often there are any: so much longer than its retention says may
    -- something stay.
    WHILE coalesce((SELECT max(last_run_no) FROM sync.blocks('run_account')), 0)
          <= (SELECT last_value FROM sync.run_run_no_seq)
    LOOP
        SELECT least(1000, greatest(24, count(*))) INTO runs FROM sync.run
         WHERE started_at > clock_timestamp() - interval '10 days';
        CALL sync.add_block(runs);
        created := created + 1;
    END LOOP;
    RETURN created;
END $$;
COMMENT ON FUNCTION ledger.ensure_partitions(timestamptz) IS
    'Makes the monthly partitions of balances from last month to the month after next, and the block of the next run, '
    'where absent; returns how many months and blocks it made. Each plan calls it.';

-- A block goes at a time: a clock that is wrong once takes no more. The wait is shorter than deadlock_timeout and than
-- the patience with readers: where a run, or a reader, is in the way, it is this that gives up.
CREATE FUNCTION sync.drop_expired(keep interval, payloads_only boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET lock_timeout = '300ms' AS $$
DECLARE
    block     record;
    relation  regclass;
BEGIN
    IF keep IS NULL OR keep < interval '1 day' THEN
        RAISE EXCEPTION 'What runs did is kept for a day at least.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT b.first_run_no, b.last_run_no INTO block
      FROM sync.blocks(CASE WHEN payloads_only THEN 'payload' ELSE 'run_account' END) AS b
     WHERE EXISTS (SELECT FROM sync.run AS r WHERE r.run_no > b.last_run_no)
       AND NOT EXISTS (SELECT FROM sync.run AS r
                        WHERE r.run_no BETWEEN b.first_run_no AND b.last_run_no
                          AND (r.state = 'running' OR r.started_at >= clock_timestamp() - keep))
     ORDER BY b.first_run_no LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- Held, so that nobody opens one of them again, or releases an answer of it, meanwhile.
    PERFORM FROM sync.run AS r WHERE r.run_no BETWEEN block.first_run_no AND block.last_run_no FOR UPDATE;
    IF EXISTS (SELECT FROM sync.run AS r
                WHERE r.run_no BETWEEN block.first_run_no AND block.last_run_no AND r.state = 'running') THEN
        RETURN NULL;
    END IF;
    FOR relation IN
        SELECT b.relation FROM pg_class AS p CROSS JOIN LATERAL sync.blocks(p.relname) AS b
         WHERE p.relnamespace = 'sync'::regnamespace AND p.relkind = 'p'
           AND (p.relname = 'payload' OR NOT payloads_only) AND b.last_run_no = block.last_run_no
    LOOP
        EXECUTE format('DROP TABLE %s', relation);
    END LOOP;
    UPDATE sync.run AS r
       SET payloads_dropped_at = coalesce(r.payloads_dropped_at, clock_timestamp()),
           accounts_dropped_at = CASE WHEN NOT payloads_only THEN clock_timestamp() END
     WHERE r.run_no BETWEEN block.first_run_no AND block.last_run_no;
    RETURN block.last_run_no;
END $$;
COMMENT ON FUNCTION sync.drop_expired(interval, boolean) IS
    'Drops the oldest block of runs that all began longer ago than keep: the bodies of the answers, or all that sync '
    'has for each account of a run. Returns the last of these runs; null: no block is due. Never waits long for '
    'anybody. What is in ledger stays, and sync.run, sync.release, sync.publication and sync.validation_result. After '
    'each plan.';

CALL ledger.guard_relation('ledger.balance', 'balance');
CALL ledger.guard_relation('ledger.balance_history', 'balance_history');

SELECT ledger.ensure_partitions();
