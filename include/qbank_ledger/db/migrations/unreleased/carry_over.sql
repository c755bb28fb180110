-- Purpose: bring every row of the ledger that set_aside.sql put aside into the baseline, and drop what it lay in.
--          What the two have in common goes by its name: tables, columns, sequences. It says nothing of how each
--          revision looked; what has another place since then stands at the end.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after the baseline.

-- The months that it has.
DO $$
DECLARE
    month date;
BEGIN
    FOR month IN
        SELECT DISTINCT to_date(right(c.relname, 7), 'YYYY_MM')
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('ledger_before', 'sync_before') AND c.relispartition AND c.relkind = 'r'
           AND c.relname ~ '_\d{4}_\d{2}$'
         ORDER BY 1
    LOOP
        IF to_regclass('ledger.balance' || to_char(month, '_YYYY_MM')) IS NULL THEN
            -- It makes the month before and the two after as well.
            PERFORM ledger.ensure_partitions((month + interval '1 month') AT TIME ZONE 'UTC');
        END IF;
    END LOOP;
END $$;

-- The runs that it has, in blocks of about ten days of one an hour.
DO $$
BEGIN
    IF to_regclass('sync_before.run') IS NOT NULL THEN
        LOOP
            EXIT WHEN coalesce((SELECT max(r.run_no) FROM sync_before.run AS r), 0)
                      <= (SELECT max(last_run_no) FROM sync.blocks('run_account'));
            CALL sync.add_block(240);
        END LOOP;
    END IF;
END $$;

-- A seal keeps the hash that it has, and so the form that it was hashed in: the newest hash, which somebody may have
-- kept elsewhere, still proves what it proved.
ALTER TABLE ledger.seal ALTER COLUMN form SET DEFAULT 1;

DO $$
DECLARE
    pair      record;
    columns   text;
    drops     text;
    adds      text;
    validate  text;
BEGIN
    -- In the order in which they were made, which is that in which one refers to another, but for runs: seals and gaps
    -- refer to them.
    FOR pair IN
        SELECT n.oid AS new, o.oid AS old
          FROM pg_class AS n
          JOIN pg_class AS o ON o.relname = n.relname
                            AND o.relnamespace = to_regnamespace(n.relnamespace::regnamespace || '_before')
         WHERE n.relnamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
           AND n.relkind IN ('r', 'p') AND NOT n.relispartition AND n.relname <> 'alembic_version'
         ORDER BY n.oid <> 'sync.run'::regclass, n.oid
    LOOP
        SELECT string_agg(quote_ident(n.attname), ', ' ORDER BY n.attnum) INTO columns
          FROM pg_attribute AS n JOIN pg_attribute AS o USING (attname)
         WHERE n.attrelid = pair.new AND o.attrelid = pair.old AND n.attnum > 0 AND NOT o.attisdropped;
        CONTINUE WHEN columns IS NULL;
        -- A rule that came after some of the rows holds for those to come: what was let in stays as it is.
        SELECT string_agg(format('DROP CONSTRAINT %I', n.conname), ', '),
               string_agg(format('ADD CONSTRAINT %I %s NOT VALID', n.conname, pg_get_constraintdef(n.oid)), ', ')
          INTO drops, adds
          FROM pg_constraint AS n
         WHERE n.conrelid = pair.new
           AND (n.contype = 'c'
                -- A table that is partitioned takes no other.
                OR n.contype = 'f' AND NOT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = pair.new))
           AND NOT EXISTS (SELECT FROM pg_constraint AS o
                            WHERE o.conrelid = pair.old AND o.conname = n.conname AND o.convalidated);
        -- Its triggers have seen these rows.
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', pair.new::regclass) || coalesce(', ' || drops, '');
        EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %3$s',
                       pair.new::regclass, columns, pair.old::regclass);
        EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', pair.new::regclass) || coalesce(', ' || adds, '');
        FOR validate IN
            SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', pair.new::regclass, n.conname)
              FROM pg_constraint AS n WHERE n.conrelid = pair.new AND NOT n.convalidated
        LOOP
            BEGIN
                EXECUTE validate;
            EXCEPTION WHEN check_violation OR foreign_key_violation THEN
                NULL;
            END;
        END LOOP;
        EXECUTE format('ANALYZE %s', pair.new::regclass);
    END LOOP;
    FOR pair IN
        SELECT n.oid AS new, o.oid AS old
          FROM pg_class AS n
          JOIN pg_class AS o ON o.relname = n.relname
                            AND o.relnamespace = to_regnamespace(n.relnamespace::regnamespace || '_before')
         WHERE n.relnamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
           AND n.relkind = 'S'
    LOOP
        EXECUTE format('SELECT setval(%L, last_value, is_called) FROM %s', pair.new::regclass, pair.old::regclass);
    END LOOP;
END $$;

ALTER TABLE ledger.seal ALTER COLUMN form DROP DEFAULT;

-- The bodies of answers lay in the observation.
DO $$
BEGIN
    IF to_regclass('sync_before.observation') IS NOT NULL THEN
        INSERT INTO sync.payload (run_no, account_id, payload)
        SELECT o.run_no, o.account_id, o.payload FROM sync_before.observation AS o WHERE o.payload IS NOT NULL;
        ANALYZE sync.payload;
    END IF;
END $$;

-- The block of the run to come.
SELECT ledger.ensure_partitions();

-- Every date is compared once more: earlier revisions noted less of what changes one.
INSERT INTO recon.changed (first_date, last_date) VALUES ('-infinity', 'infinity');

DO $$
DECLARE
    room text;
BEGIN
    FOREACH room IN ARRAY ARRAY['recon_before', 'sync_before', 'ledger_before'] LOOP
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', room);
    END LOOP;
END $$;
