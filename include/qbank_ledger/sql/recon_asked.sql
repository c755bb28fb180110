-- Purpose: what there is to compare, of what is pending, into the temporary table asked.
-- Grain:   (entity, gl_account, currency) of active accounts × date with a GL row of the entity.
CREATE TEMPORARY TABLE asked ON COMMIT DROP AS
SELECT DISTINCT a.entity, a.gl_account, a.currency, d.as_of_date
  FROM (SELECT DISTINCT entity, gl_account, currency, first_date, last_date FROM pending) AS p
  JOIN (SELECT DISTINCT entity, as_of_date FROM recon.gl_balance
         WHERE as_of_date BETWEEN (SELECT min(first_date) FROM pending) AND (SELECT max(last_date) FROM pending)) AS d
    ON d.as_of_date BETWEEN p.first_date AND p.last_date AND d.entity = coalesce(p.entity, d.entity)
  JOIN (SELECT DISTINCT entity, gl_account, currency FROM ledger.account WHERE active) AS a
    ON (a.entity, a.gl_account, a.currency)
       = (d.entity, coalesce(p.gl_account, a.gl_account), coalesce(p.currency, a.currency))
