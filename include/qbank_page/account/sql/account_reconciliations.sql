-- Purpose: every version of an account's reconciliations, and how far each date is signed off.
-- Grain:   date × version, newest first.
-- Parameters: account_id; since, until: dates, both included.
SELECT r.as_of_date, r.version, r.currency, ledger.minor_units(r.currency) AS minor_units, r.bank_balance,
       r.gl_balance, r.difference, r.bank_items, r.book_items, r.unexplained, r.tolerance, r.status, r.cause,
       r.opened_on, r.age_days, cardinality(r.members) AS members, r.provisional, r.compared_at, r.gl_load_no,
       CASE WHEN s.version = r.version THEN s.state END AS sign_off
  FROM recon.reconciliation AS r
  LEFT JOIN recon.sign_off_state AS s
    ON (s.account_id, s.as_of_date, s.version) = (r.account_id, r.as_of_date, r.version)
 WHERE r.account_id = :account_id AND r.as_of_date BETWEEN :since AND :until
 ORDER BY r.as_of_date DESC, r.version DESC
