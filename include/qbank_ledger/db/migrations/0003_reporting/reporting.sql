-- Purpose: what analysts read, of the accounts that are active, and how complete it is. A tool that is pointed at this
--          schema finds these six views and nothing else.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after reporting_all.sql.

CREATE SCHEMA reporting;
COMMENT ON SCHEMA reporting IS
    'What analysts read: wide views, with names, of the active accounts. reporting_all has them, columns and all, with '
    'every account. Views only.';

-- Each with the columns, and what is said of them, of the view that it is taken from.
DO $$
DECLARE
    view    record;
    column_ record;
BEGIN
    FOR view IN
        SELECT c.oid, c.relname, obj_description(c.oid, 'pg_class') AS says FROM pg_class AS c
         WHERE c.relnamespace = 'reporting_all'::regnamespace AND c.relkind = 'v'
    LOOP
        EXECUTE format('CREATE VIEW reporting.%I AS SELECT * FROM reporting_all.%1$I WHERE active', view.relname);
        EXECUTE format('COMMENT ON VIEW reporting.%I IS %L', view.relname, 'Of the active accounts: ' || view.says);
        FOR column_ IN
            SELECT a.attname, col_description(view.oid, a.attnum) AS says FROM pg_attribute AS a
             WHERE a.attrelid = view.oid AND a.attnum > 0
        LOOP
            EXECUTE format('COMMENT ON COLUMN reporting.%I.%I IS %L', view.relname, column_.attname, column_.says);
        END LOOP;
    END LOOP;
END $$;

-- ── Coverage ─────────────────────────────────────────────────────────────────────────────────────

CREATE VIEW reporting.coverage AS
SELECT c.as_of_hour, c.expected, c.present, c.missing, c.state,
       now() < c.as_of_hour + interval '1 hour' AS is_provisional
  FROM ledger.coverage AS c;
COMMENT ON VIEW reporting.coverage IS
    'How many of the accounts that were active at an hour''s end have a balance in it; gap-free from the first hour to '
    'the current one. Which lack one, and why, is in hourly. Grain: hour.';
COMMENT ON COLUMN reporting.coverage.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN reporting.coverage.expected IS 'Accounts active at its end.';
COMMENT ON COLUMN reporting.coverage.present IS 'Those of them with a balance in it.';
COMMENT ON COLUMN reporting.coverage.missing IS 'Those without.';
COMMENT ON COLUMN reporting.coverage.state IS 'complete, partial or missing.';
COMMENT ON COLUMN reporting.coverage.is_provisional IS 'Whether the hour is not over yet.';
