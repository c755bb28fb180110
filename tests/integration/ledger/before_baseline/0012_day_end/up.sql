-- Purpose: when an account's day ends, said once: it stood in each statement that asks whether a date is over.
-- Run as:  qbank_owner, in one transaction (see migrate.py). Changes no row.

CREATE FUNCTION ledger.day_end(zone text, cut_off time, on_date date) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (on_date + coalesce(cut_off, '24:00')) AT TIME ZONE zone;
COMMENT ON FUNCTION ledger.day_end(text, time, date) IS 'When a date is over by the clock of a time zone: at the cut-off, or, without one (null), as the date ends.';

CREATE OR REPLACE FUNCTION ledger.closing(of_account text, zone text, cut_off time, on_date date) RETURNS SETOF ledger.balance
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
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
                                 WHERE (x.account_id, x.as_of_hour, x.seal_no) = (h.account_id, h.as_of_hour, h.seal_no))
                AND (cut_off IS NULL OR (h.observed_at AT TIME ZONE zone)::time < cut_off)
              ORDER BY h.observed_at DESC, h.recorded_at DESC LIMIT 1)) AS v
     ORDER BY v.observed_at DESC, v.recorded_at DESC
     LIMIT 1;
END;

CREATE OR REPLACE VIEW ledger.daily_balance AS
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

-- ── Grants ──────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION ledger.day_end(text, time, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.day_end(text, time, date)
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
