-- Purpose: reading that stays quick: indexes that hold an hour together wherever its rows lie, and
--          coverage counted in one pass.
-- Run as:  qbank_owner, in one transaction (see migrate.py). Changes no row.

-- ── Indexes ─────────────────────────────────────────────────────────────────────────────────────

-- Space that a superseded version gave back is taken by rows of another hour. Of blocks with both, a summary
-- of least and greatest says that they may hold every hour between; one of several values says which.
DROP INDEX ledger.balance_hour;
CREATE INDEX balance_hour ON ledger.balance
    USING brin (as_of_hour timestamptz_minmax_multi_ops) WITH (pages_per_range = 16, autosummarize = on);
DROP INDEX ledger.balance_seal;
CREATE INDEX balance_seal ON ledger.balance
    USING brin (seal_no int8_minmax_multi_ops) WITH (pages_per_range = 16, autosummarize = on);

-- ── Coverage ────────────────────────────────────────────────────────────────────────────────────

ALTER FUNCTION ledger.hours() PARALLEL SAFE;

-- Expected and present, each as rows of hours, summed: a filter on the hour reaches both, and all hours are
-- one pass over the balances.
CREATE OR REPLACE VIEW ledger.coverage AS
WITH change AS MATERIALIZED (
    SELECT c.at, sum(c.accounts) AS accounts
      FROM (SELECT opened_at, 1 FROM ledger.account_period
            UNION ALL
            SELECT closed_at, -1 FROM ledger.account_period WHERE closed_at IS NOT NULL) AS c (at, accounts)
     GROUP BY c.at
), counted AS (
    -- active at the hour's end: opened before it, not closed before it
    SELECT h.as_of_hour,
           (SELECT sum(c.accounts) FROM change AS c WHERE c.at < h.as_of_hour + interval '1 hour') AS expected,
           0 AS present
      FROM ledger.hours() AS h (as_of_hour)
    UNION ALL
    SELECT b.as_of_hour, 0, count(*)
      FROM ledger.balance AS b JOIN ledger.account_period AS p USING (account_id)
     WHERE p.opened_at < b.as_of_hour + interval '1 hour'
       AND (p.closed_at IS NULL OR p.closed_at >= b.as_of_hour + interval '1 hour')
       AND b.as_of_hour <= now()
     GROUP BY b.as_of_hour
), summed AS (
    SELECT as_of_hour, sum(expected)::integer AS expected, sum(present)::integer AS present
      FROM counted GROUP BY as_of_hour
)
SELECT as_of_hour, expected, present, expected - present AS missing,
       CASE WHEN present >= expected THEN 'complete' WHEN present > 0 THEN 'partial' ELSE 'missing' END AS state
  FROM summed;

-- Called for hours that lack something only. With a plan of its own an hour reads one partition, and reads it
-- once: a look into the index for each account takes five times as long.
CREATE FUNCTION ledger.missing_accounts(hour timestamptz) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 4 SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_nestloop = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT p.account_id FROM ledger.account_period AS p
     WHERE p.opened_at < hour + interval '1 hour' AND (p.closed_at IS NULL OR p.closed_at >= hour + interval '1 hour')
       AND NOT EXISTS (SELECT FROM ledger.balance AS b WHERE b.account_id = p.account_id AND b.as_of_hour = hour);
END $$;
COMMENT ON FUNCTION ledger.missing_accounts(timestamptz) IS 'The accounts that were active at the end of a UTC hour and have no balance in it. Grain: account.';

CREATE OR REPLACE VIEW ledger.missing_hour AS
SELECT m.account_id, c.as_of_hour, coalesce(g.reason, 'no run') AS reason, g.run_no
  FROM ledger.coverage AS c
 CROSS JOIN LATERAL ledger.missing_accounts(c.as_of_hour) AS m (account_id)
  LEFT JOIN ledger.gap AS g ON g.account_id = m.account_id AND g.as_of_hour = c.as_of_hour
 WHERE c.missing > 0;
DROP FUNCTION ledger.hour_coverage(timestamptz);

-- ── Grants ──────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION ledger.missing_accounts(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.missing_accounts(timestamptz)
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
