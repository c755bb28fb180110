-- Purpose: what there is to compare, of what is pending, into the temporary table asked.
-- Grain:   (entity, gl_account, currency) of accounts that are or were active × date with a GL row of the entity.
CREATE TEMPORARY TABLE asked ON COMMIT DROP AS
WITH gl_date AS MATERIALIZED (
    SELECT DISTINCT entity, as_of_date FROM recon.gl_balance
     WHERE as_of_date BETWEEN (SELECT min(first_date) FROM pending) AND (SELECT max(last_date) FROM pending)
), account AS (
    SELECT DISTINCT a.entity, a.gl_account, a.currency FROM ledger.account AS a
     WHERE a.active OR EXISTS (SELECT FROM ledger.account_period AS p WHERE p.account_id = a.account_id)
)
-- Apart, what touches any account and what touches some: each joins by equality, however many there are.
SELECT a.entity, a.gl_account, a.currency, d.as_of_date
  FROM account AS a JOIN gl_date AS d USING (entity)
 WHERE (d.entity, d.as_of_date) IN (
       SELECT g.entity, g.as_of_date FROM gl_date AS g, pending AS p
        WHERE p.gl_account IS NULL AND coalesce(p.entity, g.entity) = g.entity
          AND g.as_of_date BETWEEN p.first_date AND p.last_date)
UNION
SELECT a.entity, a.gl_account, a.currency, d.as_of_date
  FROM pending AS p JOIN account AS a USING (entity, gl_account, currency) JOIN gl_date AS d USING (entity)
 WHERE d.as_of_date BETWEEN p.first_date AND p.last_date
