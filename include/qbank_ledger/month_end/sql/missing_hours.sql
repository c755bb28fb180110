-- Purpose: the account-hours of the month without a balance, and why.
-- Grain:   account × reason.
-- Params:  since, until: the month's hours (UTC).
SELECT a.entity, a.account_id, a.name, m.reason, m.hours, m.first_hour, m.last_hour
  FROM (SELECT account_id, reason, count(*) AS hours, min(as_of_hour) AS first_hour, max(as_of_hour) AS last_hour
          FROM ledger.missing_hour WHERE as_of_hour >= :since AND as_of_hour < :until
         GROUP BY account_id, reason) AS m
  JOIN ledger.account AS a USING (account_id)
 ORDER BY a.entity, a.account_id, m.reason
