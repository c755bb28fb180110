-- Purpose: a date's reconciliations as they stand, and how far each is signed off.
-- Grain:   account that was compared on the date.
-- Parameters: as_of_date.
SELECT s.account_id, a.name, s.version, s.entity, s.gl_account, s.currency,
       ledger.minor_units(s.currency) AS minor_units, s.bank_balance, s.gl_balance, s.difference,
       r.bank_items - r.book_items AS items, s.unexplained, r.tolerance, s.status, s.cause, s.age_days, r.opened_on,
       s.provisional, s.state, s.prepared_by, s.approved_by, s.comment
  FROM recon.sign_off_state AS s
  JOIN recon.reconciliation AS r
    ON (r.account_id, r.as_of_date, r.version) = (s.account_id, s.as_of_date, s.version)
  JOIN ledger.account AS a ON a.account_id = s.account_id
 WHERE s.as_of_date = :as_of_date
 ORDER BY s.entity, s.currency, a.name, s.account_id
