-- Purpose: the exchange rate by which each currency is converted: the newest that there is of the pair, in whichever
--          direction it was given; of two of one date the one that needs no inverting. One of each direction is read
--          by its key: ledger.current_fx_rate would first sort all dates of the pair.
-- Grain:   currency of those asked for that has a rate.
-- Parameters: currencies, a list; into, the reporting currency.
SELECT c.currency, NULL AS third, r.from_currency, r.to_currency, r.as_of_date, r.rate, r.line_no, r.load_no,
       r.is_inverse, (now() AT TIME ZONE 'UTC')::date - r.as_of_date AS age_days, f.name AS file_name, f.source,
       f.loaded_by
  FROM unnest(CAST(:currencies AS text[])) AS c (currency)
 CROSS JOIN LATERAL (
       (SELECT d.*, false AS is_inverse FROM ledger.fx_rate AS d
         WHERE d.from_currency = c.currency AND d.to_currency = :into
         ORDER BY d.as_of_date DESC, d.load_no DESC LIMIT 1)
       UNION ALL
       (SELECT i.*, true AS is_inverse FROM ledger.fx_rate AS i
         WHERE i.from_currency = :into AND i.to_currency = c.currency
         ORDER BY i.as_of_date DESC, i.load_no DESC LIMIT 1)
       ORDER BY as_of_date DESC, is_inverse
       LIMIT 1) AS r
  JOIN recon.file_load AS f USING (load_no)
 ORDER BY c.currency
