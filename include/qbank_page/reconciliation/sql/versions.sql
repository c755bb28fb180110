-- Purpose: every version of an account's date, the newest first.
-- Grain:   version.
-- Parameters: account_id, as_of_date.
SELECT r.version, r.compared_at, r.entity, r.gl_account, r.currency, ledger.minor_units(r.currency) AS minor_units,
       r.bank_balance, r.bank_observed_at, r.gl_balance, r.gl_load_no, r.difference, r.bank_items, r.book_items,
       r.unexplained, r.tolerance, r.status, r.cause, r.opened_on, r.age_days, r.members, r.provisional, a.name,
       a.time_zone, a.active
  FROM recon.reconciliation AS r JOIN ledger.account AS a USING (account_id)
 WHERE r.account_id = :account_id AND r.as_of_date = :as_of_date
 ORDER BY r.version DESC
