-- Purpose: the views that say what a day closed with, and when an account begins, by the grace of its closing.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after closing.sql.

CREATE OR REPLACE VIEW ledger.daily_balance AS
SELECT a.account_id, f.first_date + n.days AS as_of_date, a.entity, a.gl_account, c.currency,
       c.available_balance, c.ledger_balance, c.as_of_hour, c.observed_at, c.run_no, c.seal_no, c.revision,
       c.recorded_at,
       now() < ledger.closes_at(a.time_zone, a.cut_off, a.closing_grace_minutes, f.first_date + n.days) AS provisional
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT ((least((SELECT b.as_of_hour FROM ledger.balance AS b WHERE b.account_id = a.account_id
                       ORDER BY b.as_of_hour LIMIT 1),
                      (SELECT h.as_of_hour FROM ledger.balance_history AS h WHERE h.account_id = a.account_id
                       ORDER BY h.as_of_hour LIMIT 1))
               -- What lies on a midnight itself, or in its grace, is of the date before.
               - make_interval(mins => a.closing_grace_minutes, secs => 1)) AT TIME ZONE a.time_zone)::date
                 AS first_date
       OFFSET 0) AS f  -- once an account, not once a date
 CROSS JOIN LATERAL generate_series(0, (now() AT TIME ZONE a.time_zone)::date - f.first_date) AS n (days)
 CROSS JOIN LATERAL ledger.closing(
       a.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes, f.first_date + n.days) AS c;
COMMENT ON VIEW ledger.daily_balance IS
    'The closing of each account and day (ledger.closing): the newest observation, superseded ones included, of the '
    'account''s local date until its grace after the cut-off has passed; a day without one has no row. By the '
    'account''s time zone, cut-off and grace as they are configured now. Grain: account × date in the account''s time '
    'zone.';
COMMENT ON COLUMN ledger.daily_balance.provisional IS 'Whether the day is not over yet (ledger.closes_at).';

CREATE OR REPLACE VIEW ledger.daily_movement AS
SELECT d.account_id, d.as_of_date, d.entity, d.gl_account, d.currency,
       p.ledger_balance AS opening_balance, d.ledger_balance AS closing_balance,
       CASE WHEN p.currency = d.currency THEN d.ledger_balance - p.ledger_balance END AS ledger_movement,
       CASE WHEN p.currency = d.currency THEN d.available_balance - p.available_balance END AS available_movement,
       d.provisional
  FROM ledger.daily_balance AS d
  JOIN ledger.account AS a USING (account_id)
  LEFT JOIN LATERAL ledger.closing(
       d.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes, d.as_of_date - 1) AS p ON true;
COMMENT ON COLUMN ledger.daily_movement.provisional IS 'Whether the day is not over yet (ledger.closes_at).';

CREATE OR REPLACE VIEW recon.account_time AS
SELECT a.account_id,
       -- What is observed in the first minutes may be the closing of the date before.
       ((coalesce(least(p.opened_at, b.observed_at),
                  (SELECT f.observed_at FROM ledger.balance AS f ORDER BY f.as_of_hour LIMIT 1),
                  '-infinity') - make_interval(mins => a.closing_grace_minutes)) AT TIME ZONE a.time_zone)::date
         AS begins_on,
       (now() AT TIME ZONE a.time_zone)::date AS today
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT min(o.opened_at) AS opened_at FROM ledger.account_period AS o WHERE o.account_id = a.account_id) AS p
  LEFT JOIN LATERAL (
       SELECT f.as_of_hour, f.observed_at FROM ledger.balance AS f
        WHERE f.account_id = a.account_id AND f.as_of_hour < coalesce(p.opened_at, 'infinity')
        ORDER BY f.as_of_hour LIMIT 1) AS f ON true
 CROSS JOIN LATERAL (
       -- An hour may lie on two dates, and its first observation have been superseded.
       SELECT least(f.observed_at, min(h.observed_at)) AS observed_at FROM ledger.balance_history AS h
        WHERE h.account_id = a.account_id AND h.as_of_hour = f.as_of_hour) AS b;

-- Nothing asks it any more.
DROP FUNCTION ledger.closing(text, text, time, date);
