-- Purpose: the accounts with an open item, missing and stale ones too; and which of them a person must look at now: a
--          break above its currency's limit that nobody has taken on by preparing the date's sign-off. One that is
--          provisional may still go away by itself. Accounts that compare as one sum are one break, by the first.
-- Grain:   account with an open item.
-- Params:  limits: JSON, the limit of each currency as text; a currency without one has none.
-- The view works out of every account when it begins: most have nothing open, by their newest comparison alone.
WITH candidate AS MATERIALIZED (
    SELECT a.account_id, a.name
      FROM ledger.account AS a
     CROSS JOIN LATERAL (SELECT r.as_of_date, r.opened_on FROM recon.reconciliation AS r
                          WHERE r.account_id = a.account_id
                          ORDER BY r.as_of_date DESC, r.version DESC LIMIT 1) AS n
     WHERE a.active AND (n.opened_on IS NOT NULL OR n.as_of_date > (now() AT TIME ZONE a.time_zone)::date)
)
SELECT account_id, name, opened_on, as_of_date, age_days, currency,
       is_above AND row_number() OVER (PARTITION BY entity, gl_account, currency, is_above ORDER BY account_id) = 1
         AS is_above
  FROM (SELECT b.account_id, c.name, b.opened_on, b.as_of_date, b.age_days, b.entity, b.gl_account, b.currency,
               b.status = 'break' AND NOT b.provisional
               AND coalesce(abs(b.unexplained) > (CAST(:limits AS jsonb) ->> b.currency)::numeric, false)
               AND coalesce((SELECT s.state FROM recon.sign_off AS s
                              WHERE s.account_id = b.account_id AND s.as_of_date = b.as_of_date
                              ORDER BY s.sign_off_no DESC LIMIT 1), 'open') NOT IN ('prepared', 'approved') AS is_above
          FROM candidate AS c
         CROSS JOIN LATERAL (SELECT * FROM recon.open_break AS o WHERE o.account_id = c.account_id LIMIT 1) AS b
       ) AS found
 ORDER BY account_id
