-- Purpose: compare the two sides into the temporary table compared, without the past: age comes after.
-- Grain:   group of accounts that share (entity, gl_account, currency) × date, of the table asked.
-- Params:  as_of_date: a date, also one that is not over; null: the dates asked that are (ledger.closes_at).
CREATE TEMPORARY TABLE compared ON COMMIT DROP AS
WITH gl AS MATERIALIZED (
    SELECT DISTINCT ON (as_of_date, entity, gl_account, currency)
           as_of_date, entity, gl_account, currency, balance, load_no
      FROM recon.gl_balance AS g
     WHERE EXISTS (SELECT FROM asked AS k
                    WHERE (k.as_of_date, k.entity, k.gl_account, k.currency)
                          = (g.as_of_date, g.entity, g.gl_account, g.currency))
     ORDER BY as_of_date, entity, gl_account, currency, load_no DESC
), timed AS MATERIALIZED (
    SELECT a.account_id, a.entity, a.gl_account, a.currency, a.minor_units, a.tolerance, a.time_zone, a.cut_off,
           a.closing_grace_minutes, make_interval(mins => a.max_age_minutes) AS max_age, a.active,
           EXISTS (SELECT FROM ledger.account_period AS p
                    WHERE p.account_id = a.account_id AND p.closed_at IS NOT NULL) AS was_closed,
           t.begins_on, t.today
      FROM ledger.account AS a JOIN recon.account_time AS t USING (account_id)
     WHERE (a.entity, a.gl_account, a.currency) IN (SELECT k.entity, k.gl_account, k.currency FROM asked AS k)
), dated AS (
    SELECT a.*, k.as_of_date, ledger.day_end(a.time_zone, a.cut_off, k.as_of_date) AS ends_at,
           ledger.closes_at(a.time_zone, a.cut_off, a.closing_grace_minutes, k.as_of_date) AS closes_at
      FROM timed AS a JOIN asked AS k USING (entity, gl_account, currency)
), member AS (
    SELECT m.*
      FROM (SELECT d.*, count(*) OVER its_group AS group_size, max(today) OVER its_group AS latest_date
              FROM dated AS d
             -- One that begins later changes nothing of the dates before. One that was never closed is what it is
             -- now: nothing is looked up.
             WHERE d.as_of_date >= d.begins_on
               AND CASE WHEN d.was_closed
                        THEN (SELECT w.active FROM ledger.was_active(d.account_id, d.ends_at, d.active) AS w (active))
                        ELSE d.active END
            WINDOW its_group AS (PARTITION BY entity, gl_account, currency, as_of_date)) AS m
     WHERE m.as_of_date <= m.latest_date
), grouped AS MATERIALIZED (
    SELECT m.entity, m.gl_account, m.currency, m.as_of_date,
           array_agg(m.account_id::text ORDER BY m.account_id COLLATE "C") AS members,
           max(m.minor_units)::integer AS minor_units,
           -- No difference lies between two minor units: what a tolerance has beyond them allows nothing.
           trunc(min(m.tolerance), max(m.minor_units)::integer) AS tolerance,
           bool_or(m.closes_at > now()) AS provisional,
           -- A sum that lacks a member would be wrong.
           CASE WHEN count(c.account_id) = count(*) THEN sum(c.ledger_balance) END AS bank_balance,
           CASE WHEN count(c.account_id) = count(*) THEN min(c.observed_at) END AS bank_observed_at,
           bool_or(least(m.ends_at, now()) - c.observed_at > m.max_age) AS is_stale
      FROM member AS m
      -- Nothing is subtracted across currencies: a closing in another one is none.
      LEFT JOIN LATERAL ledger.closing(
           m.account_id, m.time_zone, m.cut_off, m.closing_grace_minutes, m.as_of_date) AS c
        ON c.currency = m.currency
     WHERE CAST(:as_of_date AS date) IS NOT NULL OR m.closes_at <= now()
     GROUP BY m.entity, m.gl_account, m.currency, m.as_of_date
    -- Of a group whose days end at different times, the last decides.
    HAVING count(*) = max(m.group_size)
), effect AS MATERIALIZED (
    -- What counting an item adds to the unexplained amount.
    SELECT entity, gl_account, currency, item_date, cleared_date, side, amount,
           CASE side WHEN 'bank' THEN amount ELSE -amount END AS effect
      FROM recon.current_item
), counted AS (
    SELECT g.entity, g.gl_account, g.currency, g.as_of_date,
           sum(e.amount) FILTER (WHERE e.side = 'bank') AS bank_items,
           sum(e.amount) FILTER (WHERE e.side = 'book') AS book_items
      FROM grouped AS g JOIN effect AS e USING (entity, gl_account, currency)
     WHERE e.item_date <= g.as_of_date AND (e.cleared_date IS NULL OR g.as_of_date < e.cleared_date)
     GROUP BY g.entity, g.gl_account, g.currency, g.as_of_date
), netted AS (
    SELECT g.*, gl.balance AS gl_balance, gl.load_no AS gl_load_no, g.bank_balance - gl.balance AS difference,
           coalesce(c.bank_items, 0) AS bank_items, coalesce(c.book_items, 0) AS book_items,
           g.bank_balance - gl.balance + coalesce(c.bank_items, 0) - coalesce(c.book_items, 0) AS unexplained
      FROM grouped AS g
      LEFT JOIN gl USING (entity, gl_account, currency, as_of_date)
      LEFT JOIN counted AS c USING (entity, gl_account, currency, as_of_date)
), judged AS MATERIALIZED (
    SELECT n.*, CASE WHEN bank_balance IS NULL THEN 'missing_bank'
                     WHEN gl_balance IS NULL THEN 'missing_gl'
                     WHEN is_stale THEN 'stale_bank'
                     WHEN unexplained = 0 THEN 'matched'
                     WHEN abs(unexplained) <= tolerance THEN 'within_tolerance'
                     ELSE 'break' END AS status
      FROM netted AS n
), hint AS (
    -- What one item more or less would do to a break.
    SELECT j.entity, j.gl_account, j.currency, j.as_of_date,
           bool_or(e.effect = j.unexplained AND e.counts) AS duplicate,
           bool_or(e.effect = -j.unexplained AND NOT e.counts) AS timing
      FROM judged AS j
      JOIN LATERAL (SELECT f.effect, f.item_date <= j.as_of_date
                           AND (f.cleared_date IS NULL OR j.as_of_date < f.cleared_date) AS counts
                      FROM effect AS f
                     WHERE (f.entity, f.gl_account, f.currency) = (j.entity, j.gl_account, j.currency)) AS e ON true
     WHERE j.status = 'break'
     GROUP BY j.entity, j.gl_account, j.currency, j.as_of_date
)
SELECT j.entity, j.gl_account, j.currency, j.as_of_date, j.members, j.provisional, j.bank_balance,
       j.bank_observed_at, j.gl_balance, j.gl_load_no, j.difference, j.bank_items, j.book_items, j.unexplained,
       j.tolerance, j.status,
       CASE j.status
            WHEN 'matched' THEN NULL
            WHEN 'within_tolerance' THEN NULL
            WHEN 'missing_bank' THEN 'missing_bank_data'
            WHEN 'missing_gl' THEN
                 CASE WHEN EXISTS (SELECT FROM recon.gl_balance AS o
                                    WHERE (o.as_of_date, o.entity, o.gl_account)
                                        = (j.as_of_date, j.entity, j.gl_account))
                      THEN 'currency' ELSE 'unexplained' END
            WHEN 'stale_bank' THEN 'stale'
            ELSE CASE
                 WHEN EXISTS (SELECT FROM recon.reconciliation AS r
                               WHERE r.account_id = ANY (j.members) AND r.as_of_date = j.as_of_date
                                 AND (r.entity, r.gl_account, r.currency) = (j.entity, j.gl_account, j.currency)
                                 AND r.status IN ('matched', 'within_tolerance')) THEN 'restatement'
                 WHEN h.duplicate THEN 'duplicate'
                 WHEN h.timing THEN 'timing'
                 WHEN j.gl_balance = -j.bank_balance AND j.gl_balance <> 0 THEN 'sign'
                 WHEN recon.is_transposed(j.gl_balance, j.bank_balance, j.minor_units) THEN 'transposition'
                 ELSE 'unexplained' END
       END AS cause
  FROM judged AS j
  LEFT JOIN hint AS h USING (entity, gl_account, currency, as_of_date)
