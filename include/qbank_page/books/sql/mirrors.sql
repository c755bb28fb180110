-- Purpose: the GL accounts that active accounts mirror, and the date that it is where each is.
-- Grain:   account.
SELECT a.entity, a.gl_account, a.currency, (now() AT TIME ZONE a.time_zone)::date AS today
  FROM ledger.account AS a
 WHERE a.active
