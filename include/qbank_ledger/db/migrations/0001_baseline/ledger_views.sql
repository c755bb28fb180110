-- Purpose: what is read of the ledger: as known at an instant, closings, newest balances, movement, totals, coverage.
-- Run as:  qbank_owner, in one transaction (see migrate.py).
--
-- A function in SQL that is taken into the query around it pins no search path: a SET would keep it out. Its body is
-- read here and now (BEGIN ATOMIC, RETURN) instead: as text it would be read anew by each caller, in whose path
-- somebody may have put a function that fits better.

-- ── Time ─────────────────────────────────────────────────────────────────────────────────────────

-- Taken into the query around it: its filters reach the indexes.
CREATE FUNCTION ledger.balance_as_known(known_at timestamptz) RETURNS SETOF ledger.balance
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
    SELECT b.account_id, b.as_of_hour, b.available_balance, b.ledger_balance, b.currency, b.observed_at,
           b.run_no, b.seal_no, b.revision, b.recorded_at
      FROM ledger.balance AS b WHERE b.recorded_at <= known_at
    UNION ALL
    SELECT h.account_id, h.as_of_hour, h.available_balance, h.ledger_balance, h.currency, h.observed_at,
           h.run_no, h.seal_no, h.revision, h.recorded_at
      FROM ledger.balance_history AS h WHERE h.recorded_at <= known_at AND h.superseded_at > known_at;
END;
COMMENT ON FUNCTION ledger.balance_as_known(timestamptz) IS
    'ledger.balance as it stood at an instant; exact between publishes. Filter it by as_of_hour or account_id. '
    'Grain: account × hour.';

-- By the statement: a transaction that is open for long sees what was published since it began.
CREATE FUNCTION ledger.is_ahead(observed_at timestamptz) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN observed_at > statement_timestamp() + interval '1 minute';
COMMENT ON FUNCTION ledger.is_ahead(timestamptz) IS
    'Whether an observation lies more than a minute ahead of the database''s clock: the clock ran ahead when it was '
    'made, or is behind now.';

CREATE FUNCTION ledger.active_at(of_account text, instant timestamptz) RETURNS SETOF boolean
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT coalesce(bool_or(p.opened_at < instant AND (p.closed_at IS NULL OR p.closed_at >= instant)),
                    (SELECT a.active FROM ledger.account AS a WHERE a.account_id = of_account))
      FROM ledger.account_period AS p WHERE p.account_id = of_account;
END;
COMMENT ON FUNCTION ledger.active_at(text, timestamptz) IS
    'Whether the account was active at an instant; before the first full run, which opens its first period: whether '
    'it is now. Grain: one row.';

CREATE FUNCTION ledger.day_end(zone text, cut_off time, on_date date) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (on_date + coalesce(cut_off, '24:00')) AT TIME ZONE zone;
COMMENT ON FUNCTION ledger.day_end(text, time, date) IS
    'When a date is over by the clock of a time zone: at the cut-off, or, without one (null), as the date ends.';

-- In SQL, and so taken in: called, in PL/pgSQL, it takes three times as long.
CREATE FUNCTION ledger.closing(of_account text, zone text, cut_off time, on_date date)
RETURNS SETOF ledger.balance LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT v.account_id, v.as_of_hour, v.available_balance, v.ledger_balance, v.currency, v.observed_at,
           v.run_no, v.seal_no, v.revision, v.recorded_at
      -- Of the balances and of what they superseded each the newest: neither reads the whole day.
      FROM ((SELECT b.account_id, b.as_of_hour, b.available_balance, b.ledger_balance, b.currency, b.observed_at,
                    b.run_no, b.seal_no, b.revision, b.recorded_at
               FROM ledger.balance AS b
              WHERE b.account_id = of_account
                -- The hours that can hold the date, with room for a change of clocks: these reach the index …
                AND b.as_of_hour >= (on_date::timestamp AT TIME ZONE zone) - interval '3 hours'
                AND b.as_of_hour < ledger.day_end(zone, cut_off, on_date) + interval '3 hours'
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
                AND h.as_of_hour < ledger.day_end(zone, cut_off, on_date) + interval '3 hours'
                AND (h.observed_at AT TIME ZONE zone)::date = on_date AND NOT ledger.is_ahead(h.observed_at)
                AND NOT EXISTS (SELECT FROM ledger.balance_set_aside AS x
                                 WHERE (x.account_id, x.as_of_hour, x.seal_no)
                                     = (h.account_id, h.as_of_hour, h.seal_no))
                AND (cut_off IS NULL OR (h.observed_at AT TIME ZONE zone)::time < cut_off)
              ORDER BY h.observed_at DESC, h.recorded_at DESC LIMIT 1)) AS v
     ORDER BY v.observed_at DESC, v.recorded_at DESC
     LIMIT 1;
END;
COMMENT ON FUNCTION ledger.closing(text, text, time, date) IS
    'The closing of an account on a local date: the newest observation, superseded ones included, in that date and '
    'before the cut-off, both by the clock of the time zone; none from the future (ledger.is_ahead) and none that '
    'was set aside; no row: none. Nothing is carried over. Grain: at most one row.';

CREATE VIEW ledger.latest_balance AS
SELECT a.account_id, a.name, a.entity, a.gl_account, a.active, b.currency,
       b.available_balance, b.ledger_balance, b.as_of_hour, b.observed_at, b.run_no, b.seal_no, b.revision,
       b.recorded_at,
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
COMMENT ON VIEW ledger.latest_balance IS
    'The newest balance of each account that has one; one from the future (ledger.is_ahead) only where there is no '
    'other. Grain: account.';
COMMENT ON COLUMN ledger.latest_balance.account_id IS 'The account.';
COMMENT ON COLUMN ledger.latest_balance.name IS 'What people call it.';
COMMENT ON COLUMN ledger.latest_balance.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.latest_balance.gl_account IS 'Its general-ledger account in the ERP.';
COMMENT ON COLUMN ledger.latest_balance.active IS 'Whether runs ask for it now.';
COMMENT ON COLUMN ledger.latest_balance.currency IS 'ISO 4217 code of both balances.';
COMMENT ON COLUMN ledger.latest_balance.available_balance IS 'Available balance, exact.';
COMMENT ON COLUMN ledger.latest_balance.ledger_balance IS 'Ledger balance, exact.';
COMMENT ON COLUMN ledger.latest_balance.as_of_hour IS 'The UTC hour of the observation.';
COMMENT ON COLUMN ledger.latest_balance.observed_at IS 'When the answer arrived (UTC).';
COMMENT ON COLUMN ledger.latest_balance.run_no IS 'The run that observed it.';
COMMENT ON COLUMN ledger.latest_balance.seal_no IS 'The seal that covers it.';
COMMENT ON COLUMN ledger.latest_balance.revision IS 'Version within the hour.';
COMMENT ON COLUMN ledger.latest_balance.recorded_at IS 'When it was published (UTC).';
COMMENT ON COLUMN ledger.latest_balance.age IS 'Time since the observation; negative: it is from the future.';
COMMENT ON COLUMN ledger.latest_balance.is_stale IS
    'Whether that is more than the account''s max_age_minutes, or the balance is from the future.';

CREATE VIEW ledger.daily_balance AS
SELECT a.account_id, f.first_date + n.days AS as_of_date, a.entity, a.gl_account, c.currency,
       c.available_balance, c.ledger_balance, c.as_of_hour, c.observed_at, c.run_no, c.seal_no, c.revision,
       c.recorded_at,
       now() < ledger.day_end(a.time_zone, a.cut_off, f.first_date + n.days) AS provisional
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT (least((SELECT b.as_of_hour FROM ledger.balance AS b WHERE b.account_id = a.account_id
                       ORDER BY b.as_of_hour LIMIT 1),
                     (SELECT h.as_of_hour FROM ledger.balance_history AS h WHERE h.account_id = a.account_id
                       ORDER BY h.as_of_hour LIMIT 1)) AT TIME ZONE a.time_zone)::date AS first_date
       OFFSET 0) AS f  -- once an account, not once a date
 CROSS JOIN LATERAL generate_series(0, (now() AT TIME ZONE a.time_zone)::date - f.first_date) AS n (days)
 CROSS JOIN LATERAL ledger.closing(a.account_id, a.time_zone, a.cut_off, f.first_date + n.days) AS c;
COMMENT ON VIEW ledger.daily_balance IS
    'The closing of each account and day: the newest observation, superseded ones included, within the account''s '
    'local date and before its cut-off; a day without one has no row. By the account''s time zone and cut-off as '
    'they are configured now. Grain: account × date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_balance.account_id IS 'The account.';
COMMENT ON COLUMN ledger.daily_balance.as_of_date IS 'The date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_balance.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.daily_balance.gl_account IS 'Its general-ledger account in the ERP.';
COMMENT ON COLUMN ledger.daily_balance.currency IS 'ISO 4217 code of both balances.';
COMMENT ON COLUMN ledger.daily_balance.available_balance IS 'Closing available balance, exact.';
COMMENT ON COLUMN ledger.daily_balance.ledger_balance IS 'Closing ledger balance, exact.';
COMMENT ON COLUMN ledger.daily_balance.as_of_hour IS 'The UTC hour of the observation.';
COMMENT ON COLUMN ledger.daily_balance.observed_at IS 'When the answer arrived (UTC).';
COMMENT ON COLUMN ledger.daily_balance.run_no IS 'The run that observed it.';
COMMENT ON COLUMN ledger.daily_balance.seal_no IS 'The seal that covers it.';
COMMENT ON COLUMN ledger.daily_balance.revision IS 'Version within the hour.';
COMMENT ON COLUMN ledger.daily_balance.recorded_at IS 'When it was published (UTC).';
COMMENT ON COLUMN ledger.daily_balance.provisional IS 'Whether the day''s cut-off is still to come.';

-- ── Movement and totals ──────────────────────────────────────────────────────────────────────────

CREATE VIEW ledger.hourly_movement AS
SELECT b.account_id, b.as_of_hour, p.as_of_hour AS since_hour, b.currency,
       p.ledger_balance AS opening_balance, b.ledger_balance AS closing_balance,
       CASE WHEN p.currency = b.currency THEN b.ledger_balance - p.ledger_balance END AS ledger_movement,
       CASE WHEN p.currency = b.currency THEN b.available_balance - p.available_balance END AS available_movement
  FROM ledger.balance AS b
  LEFT JOIN LATERAL (
       SELECT q.as_of_hour, q.currency, q.available_balance, q.ledger_balance FROM ledger.balance AS q
        WHERE q.account_id = b.account_id AND q.as_of_hour < b.as_of_hour
        ORDER BY q.as_of_hour DESC LIMIT 1) AS p ON true;
COMMENT ON VIEW ledger.hourly_movement IS
    'How much each balance differs from the account''s balance before it, which may be more than an hour older '
    '(since_hour). Filter it by as_of_hour or account_id. Grain: account × hour with a balance.';
COMMENT ON COLUMN ledger.hourly_movement.account_id IS 'The account.';
COMMENT ON COLUMN ledger.hourly_movement.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.hourly_movement.since_hour IS 'The hour of the balance before; null: this is the first.';
COMMENT ON COLUMN ledger.hourly_movement.currency IS 'ISO 4217 code of the hour''s balance.';
COMMENT ON COLUMN ledger.hourly_movement.opening_balance IS 'Ledger balance of since_hour.';
COMMENT ON COLUMN ledger.hourly_movement.closing_balance IS 'Ledger balance of the hour.';
COMMENT ON COLUMN ledger.hourly_movement.ledger_movement IS
    'closing_balance − opening_balance; null: the first, or the currency changed.';
COMMENT ON COLUMN ledger.hourly_movement.available_movement IS 'The same of the available balances.';

CREATE VIEW ledger.daily_movement AS
SELECT d.account_id, d.as_of_date, d.entity, d.gl_account, d.currency,
       p.ledger_balance AS opening_balance, d.ledger_balance AS closing_balance,
       CASE WHEN p.currency = d.currency THEN d.ledger_balance - p.ledger_balance END AS ledger_movement,
       CASE WHEN p.currency = d.currency THEN d.available_balance - p.available_balance END AS available_movement,
       d.provisional
  FROM ledger.daily_balance AS d
  JOIN ledger.account AS a USING (account_id)
  LEFT JOIN LATERAL ledger.closing(d.account_id, a.time_zone, a.cut_off, d.as_of_date - 1) AS p ON true;
COMMENT ON VIEW ledger.daily_movement IS
    'How much each closing differs from the closing of the day before; nothing is carried over, so a day after a day '
    'without closing has no opening. Grain: account × date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_movement.account_id IS 'The account.';
COMMENT ON COLUMN ledger.daily_movement.as_of_date IS 'The date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_movement.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.daily_movement.gl_account IS 'Its general-ledger account in the ERP.';
COMMENT ON COLUMN ledger.daily_movement.currency IS 'ISO 4217 code of the closing.';
COMMENT ON COLUMN ledger.daily_movement.opening_balance IS
    'Closing ledger balance of the day before; null: it has none.';
COMMENT ON COLUMN ledger.daily_movement.closing_balance IS 'Closing ledger balance of the day.';
COMMENT ON COLUMN ledger.daily_movement.ledger_movement IS
    'closing_balance − opening_balance; null: no opening, or the currency changed.';
COMMENT ON COLUMN ledger.daily_movement.available_movement IS 'The same of the available balances.';
COMMENT ON COLUMN ledger.daily_movement.provisional IS 'Whether the day''s cut-off is still to come.';

CREATE VIEW ledger.entity_total AS
SELECT a.entity, coalesce(l.currency, a.currency) AS currency, count(*)::integer AS accounts,
       (count(*) - count(l.account_id))::integer AS without_balance,
       count(*) FILTER (WHERE l.is_stale)::integer AS stale,
       sum(l.available_balance) AS available_balance, sum(l.ledger_balance) AS ledger_balance,
       min(l.observed_at) AS oldest_observed_at
  FROM ledger.account AS a LEFT JOIN ledger.latest_balance AS l USING (account_id)
 WHERE a.active
 GROUP BY a.entity, coalesce(l.currency, a.currency);
COMMENT ON VIEW ledger.entity_total IS
    'The newest balances of the active accounts, summed; never across currencies. Grain: entity × currency.';
COMMENT ON COLUMN ledger.entity_total.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.entity_total.currency IS 'ISO 4217 code of the sums.';
COMMENT ON COLUMN ledger.entity_total.accounts IS 'Active accounts.';
COMMENT ON COLUMN ledger.entity_total.without_balance IS 'Those that never had a balance: the sums lack them.';
COMMENT ON COLUMN ledger.entity_total.stale IS 'Those whose newest balance is stale: the sums have them.';
COMMENT ON COLUMN ledger.entity_total.available_balance IS 'Sum of the newest available balances; null: there is none.';
COMMENT ON COLUMN ledger.entity_total.ledger_balance IS 'Sum of the newest ledger balances; null: there is none.';
COMMENT ON COLUMN ledger.entity_total.oldest_observed_at IS 'The oldest observation in the sums (UTC).';

CREATE VIEW ledger.hourly_total AS
SELECT b.as_of_hour, a.entity, b.currency, count(*)::integer AS accounts,
       sum(b.available_balance) AS available_balance, sum(b.ledger_balance) AS ledger_balance
  FROM ledger.balance AS b JOIN ledger.account AS a USING (account_id)
 GROUP BY b.as_of_hour, a.entity, b.currency;
COMMENT ON VIEW ledger.hourly_total IS
    'The balances of an hour, summed by the entity that the account has now; never across currencies. What an hour '
    'lacks is in ledger.coverage. Grain: hour × entity × currency.';
COMMENT ON COLUMN ledger.hourly_total.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.hourly_total.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.hourly_total.currency IS 'ISO 4217 code of the sums.';
COMMENT ON COLUMN ledger.hourly_total.accounts IS 'Accounts with a balance in the hour.';
COMMENT ON COLUMN ledger.hourly_total.available_balance IS 'Sum of their available balances.';
COMMENT ON COLUMN ledger.hourly_total.ledger_balance IS 'Sum of their ledger balances.';

-- ── Coverage ─────────────────────────────────────────────────────────────────────────────────────

-- ROWS: what the planner would guess for all hours calls for JIT.
CREATE FUNCTION ledger.hours() RETURNS SETOF timestamptz
LANGUAGE sql STABLE PARALLEL SAFE ROWS 4 SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    SELECT generate_series(date_trunc('hour', min(p.opened_at), 'UTC'), date_trunc('hour', now(), 'UTC'),
                           interval '1 hour')
      FROM ledger.account_period AS p
$$;
COMMENT ON FUNCTION ledger.hours() IS
    'Every UTC hour from the first in which an account was active to the current one. Grain: hour.';

-- Expected and present, each as rows of hours, summed: a filter on the hour reaches both, and all hours are
-- one pass over the balances.
CREATE VIEW ledger.coverage AS
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
COMMENT ON VIEW ledger.coverage IS
    'How many of the accounts that were active at an hour''s end have a balance in it; gap-free from the first hour '
    'to the current one. Grain: hour.';
COMMENT ON COLUMN ledger.coverage.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.coverage.expected IS 'Accounts active at its end (ledger.account_period).';
COMMENT ON COLUMN ledger.coverage.present IS 'Those of them with a balance in it.';
COMMENT ON COLUMN ledger.coverage.missing IS 'Those without.';
COMMENT ON COLUMN ledger.coverage.state IS 'complete, partial or missing.';

-- Called for hours that lack something only. With a plan of its own an hour reads one partition, and reads it
-- once: a look into the index for each account takes five times as long.
CREATE FUNCTION ledger.missing_accounts(hour timestamptz) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 4 SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_nestloop = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT p.account_id::text FROM ledger.account_period AS p
     WHERE p.opened_at < hour + interval '1 hour' AND (p.closed_at IS NULL OR p.closed_at >= hour + interval '1 hour')
       AND NOT EXISTS (SELECT FROM ledger.balance AS b WHERE b.account_id = p.account_id AND b.as_of_hour = hour);
END $$;
COMMENT ON FUNCTION ledger.missing_accounts(timestamptz) IS
    'The accounts that were active at the end of a UTC hour and have no balance in it. Grain: account.';

CREATE VIEW ledger.missing_hour AS
SELECT m.account_id, c.as_of_hour, coalesce(g.reason, 'no run') AS reason, g.run_no
  FROM ledger.coverage AS c
 CROSS JOIN LATERAL ledger.missing_accounts(c.as_of_hour) AS m (account_id)
  LEFT JOIN ledger.missing_hour_reason AS g ON g.account_id = m.account_id AND g.as_of_hour = c.as_of_hour
 WHERE c.missing > 0;
COMMENT ON VIEW ledger.missing_hour IS
    'Each account-hour that coverage counts as missing, and why. Grain: account × hour without a balance.';
COMMENT ON COLUMN ledger.missing_hour.account_id IS 'The account.';
COMMENT ON COLUMN ledger.missing_hour.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.missing_hour.reason IS
    'What the newest run that tried knew (http_404, quarantined: too_precise); no run: none tried.';
COMMENT ON COLUMN ledger.missing_hour.run_no IS 'That run; null: none tried.';
