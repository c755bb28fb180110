-- Purpose: what an account was compared with, and is no member of any more, is no comparison of its group: the others
--          were compared again without it, and both would count.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION recon.is_left_behind(
    of_account text, on_date date, in_entity text, of_gl_account text, in_currency text, compared_with text[],
    at_instant timestamptz
) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN cardinality(compared_with) > 1 AND EXISTS (
    SELECT FROM recon.reconciliation AS o
     WHERE o.account_id = ANY (compared_with) AND o.account_id <> of_account AND o.as_of_date = on_date
       AND (o.entity, o.gl_account, o.currency) = (in_entity, of_gl_account, in_currency)
       AND o.compared_at > at_instant AND NOT of_account = ANY (o.members));
COMMENT ON FUNCTION recon.is_left_behind(text, date, text, text, text, text[], timestamptz) IS
    'Whether the others of a group were compared again, later and without this account: it has moved to another GL '
    'account, or was closed before the date ended. Its version stays, and counts no more.';
REVOKE ALL ON FUNCTION recon.is_left_behind(text, date, text, text, text, text[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION recon.is_left_behind(text, date, text, text, text, text[], timestamptz) TO qbank_analyst;

CREATE OR REPLACE VIEW recon.open_break AS
-- The account's own id, not its comparison's: who asks for one account has only that one looked at.
SELECT a.account_id, n.opened_on, n.as_of_date, n.status, n.difference, n.unexplained, n.cause, n.age_days,
       n.entity, n.gl_account, n.currency, n.members, n.provisional
  FROM ledger.account AS a
  JOIN recon.account_time AS t USING (account_id)
 CROSS JOIN LATERAL (
       SELECT * FROM recon.reconciliation AS r
        WHERE r.account_id = a.account_id AND r.as_of_date BETWEEN t.begins_on AND t.today
        ORDER BY r.as_of_date DESC, r.version DESC LIMIT 1) AS n
 WHERE a.active AND n.opened_on IS NOT NULL
   AND NOT recon.is_left_behind(
           n.account_id, n.as_of_date, n.entity, n.gl_account, n.currency, n.members, n.compared_at);

CREATE OR REPLACE VIEW reporting_all.reconciliation AS
SELECT r.account_id::text AS account_id, a.name, r.entity, r.gl_account, a.bank_account, r.as_of_date,
       r.currency::text AS currency, r.bank_balance::numeric AS bank_balance, r.bank_observed_at,
       r.gl_balance::numeric AS gl_balance, r.difference::numeric AS difference, r.bank_items::numeric AS bank_items,
       r.book_items::numeric AS book_items, r.unexplained::numeric AS unexplained, r.tolerance::numeric AS tolerance,
       r.status, r.cause, r.opened_on, r.age_days, recon.age_bucket(r.age_days) AS age_bucket,
       r.provisional AS is_provisional, cardinality(r.members) AS members,
       r.account_id = (SELECT m.account_id FROM ledger.account AS m WHERE m.account_id = ANY (r.members)
                        ORDER BY m.active DESC, m.account_id COLLATE "C" LIMIT 1)
       AND NOT recon.is_left_behind(
               r.account_id, r.as_of_date, r.entity, r.gl_account, r.currency, r.members, r.compared_at) AS leads_group,
       s.state AS sign_off, s.prepared_by, s.prepared_at, s.approved_by, s.approved_at, s.comment, r.version,
       r.compared_at, a.active
  FROM recon.sign_off_state AS s
  JOIN recon.reconciliation AS r USING (account_id, as_of_date, version)
  JOIN ledger.account AS a USING (account_id);
