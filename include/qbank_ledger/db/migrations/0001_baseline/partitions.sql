-- Purpose: monthly partitions of what grows by the hour: balances, their history, observations.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after what its triggers call.

CREATE FUNCTION ledger.ensure_partitions(at timestamptz DEFAULT now()) RETURNS integer
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
COMMENT ON FUNCTION ledger.ensure_partitions(timestamptz) IS
    'Makes the monthly partitions from last month to the month after next, where absent; returns how many it made. '
    'Each plan calls it.';

CALL ledger.guard_relation('ledger.balance', 'balance');
CALL ledger.guard_relation('ledger.balance_history', 'balance_history');

SELECT ledger.ensure_partitions();
