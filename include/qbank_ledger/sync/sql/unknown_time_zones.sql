-- Purpose: the time zones of the accounts as configured that this server does not know. Python knows others than it
--          does, and one account with such a zone would end every statement that asks for its day.
-- Grain:   time zone, with the first of its accounts.
SELECT c.time_zone, min(c.account_id) AS account_id
  FROM configured AS c
 GROUP BY c.time_zone
HAVING c.time_zone NOT IN (SELECT z.name FROM pg_timezone_names AS z)
 ORDER BY c.time_zone
