-- Purpose: the breaks that a person must look at now: above their currency's limit, and nobody has taken
--          them on by preparing the date's sign-off. A provisional one may still go away by itself.
-- Grain:   (entity, gl_account, currency) that is open; a group is named by its first account.
-- Params:  limits: JSON, the limit of each currency as text.
SELECT DISTINCT ON (b.age_days, b.entity, b.gl_account, b.currency) b.account_id, b.as_of_date, b.currency
  FROM recon.open_break AS b
  JOIN jsonb_each_text(CAST(:limits AS jsonb)) AS l (currency, most) ON l.currency = b.currency
  JOIN recon.sign_off_state AS s ON (s.account_id, s.as_of_date) = (b.account_id, b.as_of_date)
 WHERE b.status = 'break' AND NOT b.provisional AND abs(b.unexplained) > l.most::numeric
   AND s.state NOT IN ('prepared', 'approved')
 ORDER BY b.age_days DESC, b.entity, b.gl_account, b.currency, b.account_id
