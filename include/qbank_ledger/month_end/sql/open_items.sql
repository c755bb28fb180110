-- Purpose: what was open on the close date: each account's last compared date until then, as its newest version has it.
-- Grain:   group of accounts compared as one sum, the oldest first.
-- Params:  close_date; active_at: an account that is active then counts, too; null: the date is over.
WITH newest AS MATERIALIZED (
    -- Where an account's time begins is asked only of those that have something open.
    SELECT n.*, a.minor_units, a.time_zone, a.cut_off
      FROM ledger.account AS a
     CROSS JOIN LATERAL (
           SELECT * FROM recon.reconciliation AS r
            WHERE r.account_id = a.account_id AND r.as_of_date <= CAST(:close_date AS date)
            ORDER BY r.as_of_date DESC, r.version DESC LIMIT 1) AS n
     WHERE n.opened_on IS NOT NULL
), last AS (
    SELECT n.*
      FROM newest AS n
      JOIN recon.account_time AS t ON t.account_id = n.account_id AND t.begins_on <= n.as_of_date
     CROSS JOIN LATERAL ledger.active_at(n.account_id, greatest(
               ledger.day_end(n.time_zone, n.cut_off, CAST(:close_date AS date)),
               CAST(:active_at AS timestamptz))) AS o (active)
     WHERE o.active
       AND NOT recon.is_left_behind(
               n.account_id, n.as_of_date, n.entity, n.gl_account, n.currency, n.members, n.compared_at)
), once AS (
    SELECT DISTINCT ON (entity, gl_account, currency) *
      FROM last ORDER BY entity, gl_account, currency, as_of_date DESC, age_days DESC
)
SELECT o.entity, o.gl_account, o.currency, o.minor_units, array_to_string(o.members, ', ') AS accounts, o.opened_on,
       o.as_of_date, o.age_days,
       recon.age_bucket(o.age_days) AS age_bucket,
       o.status, o.cause, o.bank_balance, o.gl_balance, o.difference, o.bank_items, o.book_items, o.unexplained,
       abs(o.unexplained) AS gross_unexplained, s.states AS sign_off, f.file_name AS gl_file, f.line_no AS gl_line
  FROM once AS o
  LEFT JOIN recon.gl_figure AS f
    ON (f.load_no, f.as_of_date, f.entity, f.gl_account, f.currency)
     = (o.gl_load_no, o.as_of_date, o.entity, o.gl_account, o.currency)
 CROSS JOIN LATERAL (
       SELECT string_agg(DISTINCT t.state, ', ' ORDER BY t.state) AS states
         FROM recon.sign_off_state AS t WHERE t.account_id = ANY (o.members) AND t.as_of_date = o.as_of_date) AS s
 ORDER BY o.age_days DESC, o.entity, o.currency, o.gl_account
