-- Purpose: the two exchange rates by which a currency without a rate of its own is converted over a third one: what the
--          ledger has now of both on one date, read by one profile from one source. The date is the newest on which
--          either of the two was given; of two ways the newer, then the first by the third currency's name.
-- Grain:   step (1: to the third currency, 2: from it) of each currency of those asked for that has such a way.
-- Parameters: currencies, a list; thirds, the currencies that may stand between; into, the reporting currency.
WITH newest AS (
    SELECT c.currency, t.third, r.as_of_date
      FROM unnest(CAST(:currencies AS text[]) || CAST(:into AS text)) AS c (currency)
     CROSS JOIN unnest(CAST(:thirds AS text[])) AS t (third)
     CROSS JOIN LATERAL (
           SELECT max(r.as_of_date) AS as_of_date
             FROM (VALUES (c.currency, t.third), (t.third, c.currency)) AS p (from_currency, to_currency)
            CROSS JOIN LATERAL (
                  SELECT as_of_date FROM ledger.fx_rate AS r
                   WHERE r.from_currency = p.from_currency AND r.to_currency = p.to_currency
                   ORDER BY r.as_of_date DESC LIMIT 1) AS r) AS r
     WHERE r.as_of_date IS NOT NULL
), way AS (
    SELECT DISTINCT a.currency, a.third, d.as_of_date
      FROM newest AS a
      JOIN newest AS b ON b.currency = :into AND b.third = a.third
     CROSS JOIN LATERAL (VALUES (a.as_of_date), (b.as_of_date)) AS d (as_of_date)
     WHERE a.currency <> :into
), step AS (
    SELECT w.currency, w.third, s.step, r.from_currency, r.to_currency, r.as_of_date, r.rate, r.line_no, r.load_no,
           r.from_currency = s.target AS is_inverse, f.name AS file_name, f.source, f.loaded_by, f.profile
      FROM way AS w
     CROSS JOIN LATERAL (VALUES (1, w.currency, w.third), (2, w.third, CAST(:into AS text)))
           AS s (step, origin, target)
     CROSS JOIN LATERAL (
           SELECT g.* FROM (VALUES (s.origin, s.target), (s.target, s.origin)) AS p (from_currency, to_currency)
            CROSS JOIN LATERAL (
                  SELECT * FROM ledger.fx_rate AS g
                   WHERE g.from_currency = p.from_currency AND g.to_currency = p.to_currency
                     AND g.as_of_date = w.as_of_date
                   ORDER BY g.load_no DESC LIMIT 1) AS g
            ORDER BY g.from_currency = s.target LIMIT 1) AS r
      JOIN recon.file_load AS f USING (load_no)
), chosen AS (
    SELECT DISTINCT ON (a.currency) a.currency, a.third, a.as_of_date
      FROM step AS a JOIN step AS b USING (currency, third, as_of_date)
     WHERE a.step = 1 AND b.step = 2 AND (a.source, a.profile) IS NOT DISTINCT FROM (b.source, b.profile)
     ORDER BY a.currency, a.as_of_date DESC, a.third
)
SELECT s.currency, s.third, s.from_currency, s.to_currency, s.as_of_date, s.rate, s.line_no, s.load_no, s.is_inverse,
       (now() AT TIME ZONE 'UTC')::date - s.as_of_date AS age_days, s.file_name, s.source, s.loaded_by
  FROM step AS s JOIN chosen USING (currency, third, as_of_date)
 ORDER BY s.currency, s.step
