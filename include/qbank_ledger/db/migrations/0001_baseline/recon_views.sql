-- Purpose: what is read of reconciliation: current items, open breaks and their ages, GL rows without an account.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION recon.is_transposed(gl numeric, bank numeric, minor_units integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT gl <> bank AND sign(gl) = sign(bank) AND position('.' IN digits) = 0 AND EXISTS (
           SELECT FROM generate_series(1, length(digits) - 1) AS n
            WHERE overlay(digits PLACING substr(digits, n + 1, 1) || substr(digits, n, 1) FROM n FOR 2)::numeric
                  = abs(bank) * 10 ^ minor_units::numeric)
      FROM (SELECT trim_scale(abs(gl) * 10 ^ minor_units::numeric)::text AS digits) AS units
$$;
COMMENT ON FUNCTION recon.is_transposed(numeric, numeric, integer) IS
    'Whether swapping two adjacent digits of the GL''s balance, in minor units, gives the bank''s.';

CREATE FUNCTION recon.age_bucket(age_days integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN age_days <= 7 THEN '0-7' WHEN age_days <= 30 THEN '8-30' WHEN age_days <= 60 THEN '31-60'
                WHEN age_days <= 90 THEN '61-90' ELSE 'over 90' END;
END;
COMMENT ON FUNCTION recon.age_bucket(integer) IS
    'The bucket of an open item''s calendar days: 0-7, 8-30, 31-60, 61-90, over 90.';

CREATE VIEW recon.account_time AS
SELECT a.account_id,
       (coalesce(least(p.opened_at, b.observed_at),
                 (SELECT f.observed_at FROM ledger.balance AS f ORDER BY f.as_of_hour LIMIT 1),
                 '-infinity') AT TIME ZONE a.time_zone)::date AS begins_on,
       (now() AT TIME ZONE a.time_zone)::date AS today
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT min(o.opened_at) AS opened_at FROM ledger.account_period AS o WHERE o.account_id = a.account_id) AS p
  LEFT JOIN LATERAL (
       SELECT f.as_of_hour, f.observed_at FROM ledger.balance AS f
        WHERE f.account_id = a.account_id AND f.as_of_hour < coalesce(p.opened_at, 'infinity')
        ORDER BY f.as_of_hour LIMIT 1) AS f ON true
 CROSS JOIN LATERAL (
       -- An hour may lie on two dates, and its first observation have been superseded.
       SELECT least(f.observed_at, min(h.observed_at)) AS observed_at FROM ledger.balance_history AS h
        WHERE h.account_id = a.account_id AND h.as_of_hour = f.as_of_hour) AS b;
COMMENT ON VIEW recon.account_time IS
    'The dates on which an account can be compared, by its own clock; what is loaded for another date is kept, and '
    'changes nothing. Grain: account.';
COMMENT ON COLUMN recon.account_time.account_id IS 'The account.';
COMMENT ON COLUMN recon.account_time.begins_on IS
    'The date on which it was first expected or first had a balance, whichever was earlier; where there is neither, '
    'the ledger''s first; -infinity: the ledger has no balance yet.';
COMMENT ON COLUMN recon.account_time.today IS 'The date that it is now.';

CREATE VIEW recon.current_item AS
SELECT DISTINCT ON (entity, gl_account, currency, side, kind, item_date, reference)
       entity, gl_account, currency, item_date, cleared_date, side, kind, amount, reference, load_no
  FROM recon.item
 ORDER BY entity, gl_account, currency, side, kind, item_date, reference, load_no DESC;
COMMENT ON VIEW recon.current_item IS 'Each item as the newest load gave it. Grain: outstanding item.';
COMMENT ON COLUMN recon.current_item.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.current_item.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.current_item.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN recon.current_item.item_date IS 'The first date on which it counts.';
COMMENT ON COLUMN recon.current_item.cleared_date IS 'The first date on which it counts no more; null: open.';
COMMENT ON COLUMN recon.current_item.side IS 'bank: the bank has not seen it yet; book: the books have not.';
COMMENT ON COLUMN recon.current_item.kind IS 'What it is, in the ERP''s words.';
COMMENT ON COLUMN recon.current_item.amount IS 'Exact, signed as cash.';
COMMENT ON COLUMN recon.current_item.reference IS 'The ERP''s reference; may be empty.';
COMMENT ON COLUMN recon.current_item.load_no IS 'The load that gave it.';

CREATE VIEW recon.open_break AS
SELECT n.account_id, n.opened_on, n.as_of_date, n.status, n.difference, n.unexplained, n.cause, n.age_days,
       n.entity, n.gl_account, n.currency, n.members, n.provisional
  FROM ledger.account AS a
  JOIN recon.account_time AS t USING (account_id)
 CROSS JOIN LATERAL (
       SELECT * FROM recon.reconciliation AS r
        WHERE r.account_id = a.account_id AND r.as_of_date BETWEEN t.begins_on AND t.today
        ORDER BY r.as_of_date DESC, r.version DESC LIMIT 1) AS n
 WHERE a.active AND n.opened_on IS NOT NULL;
COMMENT ON VIEW recon.open_break IS
    'Each active account whose newest date neither matched nor is within tolerance; missing and stale ones too. '
    'Grain: account with an open item.';
COMMENT ON COLUMN recon.open_break.account_id IS 'The account.';
COMMENT ON COLUMN recon.open_break.opened_on IS 'First date since it last matched on which it did not.';
COMMENT ON COLUMN recon.open_break.as_of_date IS 'The newest date compared.';
COMMENT ON COLUMN recon.open_break.status IS 'break, missing_bank, missing_gl or stale_bank on that date.';
COMMENT ON COLUMN recon.open_break.difference IS 'Bank − GL on that date, exact; null: a side is missing.';
COMMENT ON COLUMN recon.open_break.unexplained IS 'What the items leave of it.';
COMMENT ON COLUMN recon.open_break.cause IS 'What the numbers say of it.';
COMMENT ON COLUMN recon.open_break.age_days IS 'as_of_date − opened_on, in calendar days.';
COMMENT ON COLUMN recon.open_break.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.open_break.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.open_break.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN recon.open_break.members IS 'Ids of the accounts compared as one sum.';
COMMENT ON COLUMN recon.open_break.provisional IS 'Whether that date may still change.';

CREATE VIEW recon.open_break_total AS
SELECT entity, currency, recon.age_bucket(age_days) AS age_bucket,
       count(*)::integer AS items, count(unexplained)::integer AS items_with_amount, sum(unexplained) AS unexplained,
       sum(abs(unexplained)) AS gross_unexplained, max(age_days) AS oldest_days
  FROM (SELECT DISTINCT ON (entity, gl_account, currency) * FROM recon.open_break
         ORDER BY entity, gl_account, currency, as_of_date DESC, age_days DESC) AS once
 GROUP BY 1, 2, 3;
COMMENT ON VIEW recon.open_break_total IS
    'The open items summed; accounts compared as one sum count once; never across currencies. Grain: entity × '
    'currency × age bucket.';
COMMENT ON COLUMN recon.open_break_total.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.open_break_total.currency IS 'ISO 4217 code of the sums.';
COMMENT ON COLUMN recon.open_break_total.age_bucket IS 'Calendar days open: 0-7, 8-30, 31-60, 61-90, over 90.';
COMMENT ON COLUMN recon.open_break_total.items IS 'Open items.';
COMMENT ON COLUMN recon.open_break_total.items_with_amount IS
    'Those of them with both sides: the sums lack the others.';
COMMENT ON COLUMN recon.open_break_total.unexplained IS 'Sum of what is unexplained; null: no item has an amount.';
COMMENT ON COLUMN recon.open_break_total.gross_unexplained IS 'Sum of its absolute values.';
COMMENT ON COLUMN recon.open_break_total.oldest_days IS 'Age of the oldest.';

CREATE VIEW recon.unmapped_gl AS
SELECT DISTINCT ON (g.as_of_date, g.entity, g.gl_account, g.currency)
       g.entity, g.gl_account, g.currency, g.as_of_date, g.balance, g.load_no
  FROM recon.gl_balance AS g
 WHERE NOT EXISTS (SELECT FROM ledger.account AS a
                    WHERE (a.entity, a.gl_account, a.currency) = (g.entity, g.gl_account, g.currency) AND a.active)
 ORDER BY g.as_of_date, g.entity, g.gl_account, g.currency, g.load_no DESC;
COMMENT ON VIEW recon.unmapped_gl IS
    'GL balances that nothing is compared with: no active account has that entity, GL account and currency. Grain: '
    'GL account × date.';
COMMENT ON COLUMN recon.unmapped_gl.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.unmapped_gl.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.unmapped_gl.currency IS 'ISO 4217 code of the balance.';
COMMENT ON COLUMN recon.unmapped_gl.as_of_date IS 'The posting date.';
COMMENT ON COLUMN recon.unmapped_gl.balance IS 'Closing balance as the newest load gave it.';
COMMENT ON COLUMN recon.unmapped_gl.load_no IS 'That load.';
