-- Purpose: the active accounts by currency.
-- Grain:   currency.
SELECT currency, count(*) AS accounts FROM ledger.account WHERE active GROUP BY currency ORDER BY currency
