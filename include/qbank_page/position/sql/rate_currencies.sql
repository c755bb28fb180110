-- Purpose: the currencies that there are exchange rates from or to, by their indexes, without reading every rate.
-- Grain:   currency.
WITH RECURSIVE given (currency) AS (
    SELECT min(from_currency::text) FROM ledger.fx_rate
    UNION ALL
    SELECT (SELECT min(r.from_currency::text) FROM ledger.fx_rate AS r WHERE r.from_currency > g.currency)
      FROM given AS g WHERE g.currency IS NOT NULL
), meant (currency) AS (
    SELECT min(to_currency::text) FROM ledger.fx_rate
    UNION ALL
    SELECT (SELECT min(r.to_currency::text) FROM ledger.fx_rate AS r WHERE r.to_currency > m.currency)
      FROM meant AS m WHERE m.currency IS NOT NULL
)
SELECT currency FROM (SELECT currency FROM given UNION SELECT currency FROM meant) AS c
 WHERE currency IS NOT NULL ORDER BY currency
