-- Purpose: what analysts read of every account, wide and with names: newest balances, days, movement, hours,
--          reconciliation. reporting.sql has the same of those that are active.
-- Run as:  qbank_owner, in one transaction (see migrate.py).
--
-- A pair of schemas, and no setting of the session: who picks a view from a tool's list can't make a setting, and what
-- a query answers is said by its text. Types are those that such tools know: text, numeric, date, timestamptz, integer
-- and boolean.

CREATE SCHEMA reporting_all;
COMMENT ON SCHEMA reporting_all IS
    'The views of reporting, with the accounts that are no longer active: totals of days gone by need them. Views '
    'only.';

-- ── Newest balance ───────────────────────────────────────────────────────────────────────────────

CREATE VIEW reporting_all.position AS
SELECT a.account_id::text AS account_id, a.name, a.entity, a.gl_account, a.bank_account,
       coalesce(l.currency, a.currency)::text AS currency, l.ledger_balance::numeric AS ledger_balance,
       l.available_balance::numeric AS available_balance, l.as_of_hour, l.observed_at,
       floor(extract(epoch FROM l.age) / 60)::integer AS age_minutes, l.is_stale,
       CASE WHEN ledger.is_ahead(l.observed_at) THEN 'from the future'
            WHEN l.is_stale IS NOT FALSE THEN coalesce(
                 (SELECT g.reason FROM ledger.missing_hour_reason AS g
                   WHERE g.account_id = a.account_id AND g.as_of_hour > coalesce(l.as_of_hour, '-infinity')
                   ORDER BY g.as_of_hour DESC LIMIT 1),
                 CASE WHEN a.active THEN 'no run' ELSE 'inactive' END) END AS reason,
       a.active
  FROM ledger.account AS a LEFT JOIN ledger.latest_balance AS l USING (account_id);
COMMENT ON VIEW reporting_all.position IS
    'The newest balance of each account, and of those that have none, or an old one, why. Grain: account.';
COMMENT ON COLUMN reporting_all.position.account_id IS 'QBank''s id of the account; what the views are related by.';
COMMENT ON COLUMN reporting_all.position.name IS 'What people call the account.';
COMMENT ON COLUMN reporting_all.position.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN reporting_all.position.gl_account IS 'Its general-ledger account in the ERP.';
COMMENT ON COLUMN reporting_all.position.bank_account IS 'IBAN or account number; null: not configured.';
COMMENT ON COLUMN reporting_all.position.currency IS 'ISO 4217 code of both balances.';
COMMENT ON COLUMN reporting_all.position.ledger_balance IS 'Ledger balance, exact; null: there never was one.';
COMMENT ON COLUMN reporting_all.position.available_balance IS 'Available balance, exact.';
COMMENT ON COLUMN reporting_all.position.as_of_hour IS 'The UTC hour of the observation.';
COMMENT ON COLUMN reporting_all.position.observed_at IS 'When the bank''s answer arrived (UTC).';
COMMENT ON COLUMN reporting_all.position.age_minutes IS 'Whole minutes since then; negative: it is from the future.';
COMMENT ON COLUMN reporting_all.position.is_stale IS
    'Whether that is more than the account''s max_age_minutes, or the balance is from the future; null: there is none.';
COMMENT ON COLUMN reporting_all.position.reason IS
    'Why there is no newer balance, of one that is stale or absent: what the newest run that tried since then knew '
    '(http_404); no run: none tried in a later hour; inactive: runs no longer ask; from the future: the clock ran '
    'ahead. Null: it is not stale.';
COMMENT ON COLUMN reporting_all.position.active IS 'Whether runs ask for the account now.';

-- ── Days ─────────────────────────────────────────────────────────────────────────────────────────

CREATE VIEW reporting_all.daily AS
SELECT a.account_id::text AS account_id, a.name, a.entity, a.gl_account, a.bank_account,
       d.as_of_date, coalesce(c.currency, a.currency)::text AS currency,
       c.ledger_balance::numeric AS ledger_balance, c.available_balance::numeric AS available_balance, c.observed_at,
       least(ledger.day_end(a.time_zone, a.cut_off, d.as_of_date), now()) - c.observed_at
         > make_interval(mins => a.max_age_minutes) AS is_stale,
       now() < ledger.closes_at(a.time_zone, a.cut_off, a.closing_grace_minutes, d.as_of_date) AS is_provisional,
       CASE WHEN c.account_id IS NULL THEN coalesce(
            (SELECT g.reason FROM ledger.missing_hour_reason AS g
              WHERE g.account_id = a.account_id
                -- The hours that begin on the date.
                AND g.as_of_hour >= d.as_of_date::timestamp AT TIME ZONE a.time_zone
                AND g.as_of_hour < ledger.day_end(a.time_zone, a.cut_off, d.as_of_date)
              ORDER BY g.as_of_hour DESC LIMIT 1),
            (SELECT CASE WHEN t.active THEN 'no run' ELSE 'inactive' END
               FROM ledger.active_at(a.account_id, ledger.day_end(a.time_zone, a.cut_off, d.as_of_date)) AS t (active)))
       END AS reason,
       a.active
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT t.begins_on, t.today FROM recon.account_time AS t
        WHERE t.account_id = a.account_id AND isfinite(t.begins_on)
          -- Of an account that is neither opened nor observed, account_time says when the ledger began.
          AND (EXISTS (SELECT FROM ledger.account_period AS p WHERE p.account_id = a.account_id)
               OR EXISTS (SELECT FROM ledger.balance AS b WHERE b.account_id = a.account_id))
       OFFSET 0) AS o  -- once an account, not once a date
 CROSS JOIN LATERAL (
       SELECT o.begins_on + n.days AS as_of_date FROM generate_series(0, o.today - o.begins_on) AS n (days)) AS d
  LEFT JOIN LATERAL ledger.closing(
       a.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes, d.as_of_date) AS c ON true;
COMMENT ON VIEW reporting_all.daily IS
    'The closing of each account on each day since it was opened (recon.account_time), as ledger.daily_balance has it; '
    'a day without one says why. Filter it by as_of_date or account_id. Grain: account × date in the account''s time '
    'zone, without gaps.';
COMMENT ON COLUMN reporting_all.daily.account_id IS 'QBank''s id of the account.';
COMMENT ON COLUMN reporting_all.daily.name IS 'What people call the account.';
COMMENT ON COLUMN reporting_all.daily.entity IS 'Legal entity or company code in the ERP, as it is now.';
COMMENT ON COLUMN reporting_all.daily.gl_account IS 'Its general-ledger account in the ERP, as it is now.';
COMMENT ON COLUMN reporting_all.daily.bank_account IS 'IBAN or account number; null: not configured.';
COMMENT ON COLUMN reporting_all.daily.as_of_date IS 'The date in the account''s time zone.';
COMMENT ON COLUMN reporting_all.daily.currency IS 'ISO 4217 code of both balances.';
COMMENT ON COLUMN reporting_all.daily.ledger_balance IS
    'Closing ledger balance, exact; null: the day has none, and nothing is carried over.';
COMMENT ON COLUMN reporting_all.daily.available_balance IS 'Closing available balance, exact.';
COMMENT ON COLUMN reporting_all.daily.observed_at IS 'When the bank''s answer arrived (UTC).';
COMMENT ON COLUMN reporting_all.daily.is_stale IS
    'Whether the closing was older than the account''s max_age_minutes when the day ended, or is now while it has not; '
    'null: there is none.';
COMMENT ON COLUMN reporting_all.daily.is_provisional IS
    'Whether the day is not over yet (ledger.closes_at): its closing may still change.';
COMMENT ON COLUMN reporting_all.daily.reason IS
    'Why the day has no closing: what the newest run that tried before its end knew (http_404, quarantined: '
    'too_precise); no run: none tried; inactive: the account was not active at its end. Null: it has one.';
COMMENT ON COLUMN reporting_all.daily.active IS 'Whether runs ask for the account now.';

CREATE VIEW reporting_all.movement AS
SELECT d.account_id, d.name, d.entity, d.gl_account, d.bank_account, d.as_of_date, d.currency,
       CASE WHEN p.currency = d.currency THEN p.ledger_balance::numeric END AS opening_balance,
       d.ledger_balance AS closing_balance,
       CASE WHEN p.currency = d.currency THEN d.ledger_balance - p.ledger_balance END AS ledger_movement,
       CASE WHEN p.currency = d.currency THEN d.available_balance - p.available_balance END AS available_movement,
       d.is_provisional,
       CASE WHEN d.reason IS NOT NULL THEN d.reason
            WHEN p.account_id IS NULL THEN 'no closing on the day before'
            WHEN p.currency <> d.currency THEN 'the currency changed' END AS reason,
       d.active
  FROM reporting_all.daily AS d
  JOIN ledger.account AS a USING (account_id)
  LEFT JOIN LATERAL ledger.closing(
       a.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes, d.as_of_date - 1) AS p ON true;
COMMENT ON VIEW reporting_all.movement IS
    'How much each closing differs from the closing of the day before, as ledger.daily_movement has it; a day without '
    'either says why. Filter it by as_of_date or account_id. Grain: account × date in the account''s time zone, '
    'without gaps.';
COMMENT ON COLUMN reporting_all.movement.account_id IS 'QBank''s id of the account.';
COMMENT ON COLUMN reporting_all.movement.name IS 'What people call the account.';
COMMENT ON COLUMN reporting_all.movement.entity IS 'Legal entity or company code in the ERP, as it is now.';
COMMENT ON COLUMN reporting_all.movement.gl_account IS 'Its general-ledger account in the ERP, as it is now.';
COMMENT ON COLUMN reporting_all.movement.bank_account IS 'IBAN or account number; null: not configured.';
COMMENT ON COLUMN reporting_all.movement.as_of_date IS 'The date in the account''s time zone.';
COMMENT ON COLUMN reporting_all.movement.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN reporting_all.movement.opening_balance IS
    'Closing ledger balance of the day before; null: it has none, or one in another currency.';
COMMENT ON COLUMN reporting_all.movement.closing_balance IS
    'Closing ledger balance of the day, exact; null: it has none.';
COMMENT ON COLUMN reporting_all.movement.ledger_movement IS 'closing_balance − opening_balance; null: see reason.';
COMMENT ON COLUMN reporting_all.movement.available_movement IS 'The same of the available balances.';
COMMENT ON COLUMN reporting_all.movement.is_provisional IS
    'Whether the day is not over yet (ledger.closes_at): its closing may still change.';
COMMENT ON COLUMN reporting_all.movement.reason IS
    'Why there is no movement: that of daily where the day has no closing; no closing on the day before; the currency '
    'changed. Null: there is one.';
COMMENT ON COLUMN reporting_all.movement.active IS 'Whether runs ask for the account now.';

-- ── Hours ────────────────────────────────────────────────────────────────────────────────────────

-- The balances and the gaps, one after the other: a filter on the hour or the account reaches both. The types are
-- named, as it reaches neither where the two differ in them.
CREATE VIEW reporting_all.hourly AS
SELECT h.account_id, a.name, a.entity, a.gl_account, a.bank_account, h.as_of_hour,
       coalesce(h.currency, a.currency::text) AS currency, h.ledger_balance, h.available_balance, h.observed_at,
       now() < h.as_of_hour + interval '1 hour' AS is_provisional, h.reason, a.active
  FROM (SELECT b.account_id::text AS account_id, b.as_of_hour, b.currency::text AS currency,
               b.ledger_balance::numeric AS ledger_balance, b.available_balance::numeric AS available_balance,
               b.observed_at, NULL::text AS reason
          FROM ledger.balance AS b
         WHERE NOT ledger.is_ahead(b.observed_at)
        UNION ALL
        SELECT m.account_id, m.as_of_hour, NULL::text, NULL::numeric, NULL::numeric, NULL::timestamptz, m.reason
          FROM ledger.missing_hour AS m) AS h
  JOIN ledger.account AS a ON a.account_id = h.account_id;
COMMENT ON VIEW reporting_all.hourly IS
    'The balance of each account in each hour, and each hour in which an active account has none '
    '(ledger.missing_hour), with the reason; none from the future. Filter it by as_of_hour: gaps are looked for hour '
    'by hour. Grain: account × hour.';
COMMENT ON COLUMN reporting_all.hourly.account_id IS 'QBank''s id of the account.';
COMMENT ON COLUMN reporting_all.hourly.name IS 'What people call the account.';
COMMENT ON COLUMN reporting_all.hourly.entity IS 'Legal entity or company code in the ERP, as it is now.';
COMMENT ON COLUMN reporting_all.hourly.gl_account IS 'Its general-ledger account in the ERP, as it is now.';
COMMENT ON COLUMN reporting_all.hourly.bank_account IS 'IBAN or account number; null: not configured.';
COMMENT ON COLUMN reporting_all.hourly.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN reporting_all.hourly.currency IS 'ISO 4217 code of both balances.';
COMMENT ON COLUMN reporting_all.hourly.ledger_balance IS
    'Ledger balance, exact, of the newest observation in the hour; null: there is none, and nothing is carried over.';
COMMENT ON COLUMN reporting_all.hourly.available_balance IS 'Available balance, exact.';
COMMENT ON COLUMN reporting_all.hourly.observed_at IS 'When the bank''s answer arrived (UTC).';
COMMENT ON COLUMN reporting_all.hourly.is_provisional IS
    'Whether the hour is not over yet: a later observation may still replace it.';
COMMENT ON COLUMN reporting_all.hourly.reason IS
    'Why the hour has no balance: what the newest run that tried knew (http_404, quarantined: too_precise); no run: '
    'none tried. Null: it has one.';
COMMENT ON COLUMN reporting_all.hourly.active IS 'Whether runs ask for the account now.';

-- ── Reconciliation ───────────────────────────────────────────────────────────────────────────────

CREATE VIEW reporting_all.reconciliation AS
SELECT r.account_id::text AS account_id, a.name, r.entity, r.gl_account, a.bank_account, r.as_of_date,
       r.currency::text AS currency, r.bank_balance::numeric AS bank_balance, r.bank_observed_at,
       r.gl_balance::numeric AS gl_balance, r.difference::numeric AS difference, r.bank_items::numeric AS bank_items,
       r.book_items::numeric AS book_items, r.unexplained::numeric AS unexplained, r.tolerance::numeric AS tolerance,
       r.status, r.cause, r.opened_on, r.age_days, recon.age_bucket(r.age_days) AS age_bucket,
       r.provisional AS is_provisional, cardinality(r.members) AS members,
       r.account_id = (SELECT m.account_id FROM ledger.account AS m WHERE m.account_id = ANY (r.members)
                        ORDER BY m.active DESC, m.account_id COLLATE "C" LIMIT 1) AS leads_group,
       s.state AS sign_off, s.prepared_by, s.prepared_at, s.approved_by, s.approved_at, s.comment, r.version,
       r.compared_at, a.active
  FROM recon.sign_off_state AS s
  JOIN recon.reconciliation AS r USING (account_id, as_of_date, version)
  JOIN ledger.account AS a USING (account_id);
COMMENT ON VIEW reporting_all.reconciliation IS
    'Each comparison of an account''s closing with the general ledger, as it stands, and how far it is signed off. '
    'Accounts that share a GL account are compared as one sum, which each repeats: sum where leads_group is true. '
    'Filter it by as_of_date or account_id. Grain: account × date that was compared.';
COMMENT ON COLUMN reporting_all.reconciliation.account_id IS 'QBank''s id of the account.';
COMMENT ON COLUMN reporting_all.reconciliation.name IS 'What people call the account.';
COMMENT ON COLUMN reporting_all.reconciliation.entity IS
    'Legal entity or company code in the ERP, when it was compared.';
COMMENT ON COLUMN reporting_all.reconciliation.gl_account IS 'The general-ledger account, when it was compared.';
COMMENT ON COLUMN reporting_all.reconciliation.bank_account IS 'IBAN or account number; null: not configured.';
COMMENT ON COLUMN reporting_all.reconciliation.as_of_date IS
    'The closing''s date: the bank''s in the account''s time zone, the GL''s posting date.';
COMMENT ON COLUMN reporting_all.reconciliation.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN reporting_all.reconciliation.bank_balance IS
    'Closing ledger balance at the bank, summed over the group; null: a member has none.';
COMMENT ON COLUMN reporting_all.reconciliation.bank_observed_at IS
    'When that closing was observed, the oldest of the group''s (UTC).';
COMMENT ON COLUMN reporting_all.reconciliation.gl_balance IS
    'Closing balance in the general ledger, debit positive; null: none was loaded.';
COMMENT ON COLUMN reporting_all.reconciliation.difference IS
    'bank_balance − gl_balance, exact; null: a side is missing.';
COMMENT ON COLUMN reporting_all.reconciliation.bank_items IS 'Sum of the items that the bank has not seen yet.';
COMMENT ON COLUMN reporting_all.reconciliation.book_items IS 'Sum of the items that the books have not seen yet.';
COMMENT ON COLUMN reporting_all.reconciliation.unexplained IS 'difference + bank_items − book_items.';
COMMENT ON COLUMN reporting_all.reconciliation.tolerance IS 'Largest unexplained amount that passed.';
COMMENT ON COLUMN reporting_all.reconciliation.status IS
    'matched, within_tolerance, break, missing_bank, missing_gl or stale_bank.';
COMMENT ON COLUMN reporting_all.reconciliation.cause IS
    'What the numbers say of it; null: it matched or is within tolerance.';
COMMENT ON COLUMN reporting_all.reconciliation.opened_on IS
    'First date since it last matched on which it did not; null: it matches.';
COMMENT ON COLUMN reporting_all.reconciliation.age_days IS 'as_of_date − opened_on, in calendar days.';
COMMENT ON COLUMN reporting_all.reconciliation.age_bucket IS '0-7, 8-30, 31-60, 61-90 or over 90; null: it matches.';
COMMENT ON COLUMN reporting_all.reconciliation.is_provisional IS
    'Whether it was compared before its cut-off: it may still change, and can''t be signed.';
COMMENT ON COLUMN reporting_all.reconciliation.members IS 'How many accounts were compared as one sum.';
COMMENT ON COLUMN reporting_all.reconciliation.leads_group IS
    'Whether it is the row of the group to sum: true of one of its accounts, of an active one where there is any.';
COMMENT ON COLUMN reporting_all.reconciliation.sign_off IS 'open, prepared, approved, rejected or decertified.';
COMMENT ON COLUMN reporting_all.reconciliation.prepared_by IS 'Who prepared what is prepared, approved or rejected.';
COMMENT ON COLUMN reporting_all.reconciliation.prepared_at IS 'When (UTC).';
COMMENT ON COLUMN reporting_all.reconciliation.approved_by IS 'Who approved it; null: it is not approved.';
COMMENT ON COLUMN reporting_all.reconciliation.approved_at IS 'When (UTC).';
COMMENT ON COLUMN reporting_all.reconciliation.comment IS
    'What the newest action of sign-off said; of decertified, what changed.';
COMMENT ON COLUMN reporting_all.reconciliation.version IS 'How often the comparison found something else: 1, 2, ….';
COMMENT ON COLUMN reporting_all.reconciliation.compared_at IS 'When this version was made (UTC).';
COMMENT ON COLUMN reporting_all.reconciliation.active IS 'Whether runs ask for the account now.';
