-- Purpose: an opening balance is in the row's currency, or there is none: no balance stands under another currency.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE OR REPLACE VIEW ledger.hourly_movement AS
SELECT b.account_id, b.as_of_hour, p.as_of_hour AS since_hour, b.currency,
       CASE WHEN p.currency = b.currency THEN p.ledger_balance END::ledger.amount AS opening_balance,
       b.ledger_balance AS closing_balance,
       CASE WHEN p.currency = b.currency THEN b.ledger_balance - p.ledger_balance END AS ledger_movement,
       CASE WHEN p.currency = b.currency THEN b.available_balance - p.available_balance END AS available_movement
  FROM ledger.balance AS b
  LEFT JOIN LATERAL (
       SELECT q.as_of_hour, q.currency, q.available_balance, q.ledger_balance FROM ledger.balance AS q
        WHERE q.account_id = b.account_id AND q.as_of_hour < b.as_of_hour
        ORDER BY q.as_of_hour DESC LIMIT 1) AS p ON true;
COMMENT ON COLUMN ledger.hourly_movement.opening_balance IS
    'Ledger balance of since_hour; null: the first, or the currency changed.';

CREATE OR REPLACE VIEW ledger.daily_movement AS
SELECT d.account_id, d.as_of_date, d.entity, d.gl_account, d.currency,
       CASE WHEN p.currency = d.currency THEN p.ledger_balance END::ledger.amount AS opening_balance,
       d.ledger_balance AS closing_balance,
       CASE WHEN p.currency = d.currency THEN d.ledger_balance - p.ledger_balance END AS ledger_movement,
       CASE WHEN p.currency = d.currency THEN d.available_balance - p.available_balance END AS available_movement,
       d.provisional
  FROM ledger.daily_balance AS d
  JOIN ledger.account AS a USING (account_id)
  LEFT JOIN LATERAL ledger.closing(
       d.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes, d.as_of_date - 1) AS p ON true;
COMMENT ON COLUMN ledger.daily_movement.opening_balance IS
    'Closing ledger balance of the day before; null: it has none, or one in another currency.';
