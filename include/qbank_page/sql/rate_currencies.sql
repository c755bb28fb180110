-- Purpose: the currencies between which there are exchange rates, without reading all of them.
-- Grain:   currency.
WITH RECURSIVE pair AS (
    (SELECT r.from_currency, r.to_currency FROM ledger.fx_rate AS r ORDER BY r.from_currency, r.to_currency LIMIT 1)
    UNION ALL
    SELECT n.from_currency, n.to_currency
      FROM pair AS p
     CROSS JOIN LATERAL (
           SELECT r.from_currency, r.to_currency FROM ledger.fx_rate AS r
            WHERE (r.from_currency, r.to_currency) > (p.from_currency, p.to_currency)
            ORDER BY r.from_currency, r.to_currency LIMIT 1) AS n
)
SELECT to_currency::text AS currency FROM pair UNION SELECT from_currency::text FROM pair ORDER BY currency
