-- Purpose: where COPY puts the accounts as configured, each with its batch: null where the run does not ask for it.
--          Gone with the transaction.
CREATE TEMPORARY TABLE configured ON COMMIT DROP AS
SELECT a.account_id, a.name, a.currency, a.minor_units, a.entity, a.gl_account, a.time_zone, a.cut_off,
       a.closing_grace_minutes, a.max_age_minutes, a.minimum_balance, a.tolerance, a.bank_account, a.bank_id, a.active,
       NULL::integer AS batch_no
  FROM ledger.account AS a WITH NO DATA
