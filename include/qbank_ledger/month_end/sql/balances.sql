-- Purpose: each account's closing on the close date, beside its reconciliation and sign-off.
-- Grain:   account that was active at the date's end, or has a closing or a reconciliation of the date. What was
--          compared is the group's, repeated for each member; of each group leads_group is true of one. One that was
--          closed on the date has its closing and is compared with nothing: was_active is false of it.
-- Params:  close_date; active_at: an account that is active then counts, too; null: the date is over.
WITH line AS (
    SELECT coalesce(r.entity, a.entity) AS entity, coalesce(r.gl_account, a.gl_account) AS gl_account,
           a.account_id, a.name, coalesce(r.currency, c.currency, a.currency) AS currency, a.minor_units,
           c.currency AS closing_currency, c.available_balance, c.ledger_balance, c.observed_at, c.seal_no,
           r.version, r.bank_balance AS compared_bank, r.gl_balance, r.gl_load_no, r.difference, r.bank_items,
           r.book_items, r.unexplained, r.tolerance, coalesce(r.status, 'not compared') AS status, r.cause,
           r.opened_on, r.age_days,
           cardinality(r.members) AS members, coalesce(r.provisional, false) AS provisional,
           CASE WHEN r.version IS NOT NULL THEN s.state END AS sign_off, s.prepared_by, s.approved_by,
           CASE WHEN r.version IS NOT NULL
                THEN row_number() OVER (PARTITION BY r.entity, r.gl_account, r.currency ORDER BY a.account_id) = 1
                ELSE false END AS leads_group,
           t.active OR w.active AS was_active
      FROM ledger.account AS a
      LEFT JOIN LATERAL ledger.closing(
           a.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes, CAST(:close_date AS date)) AS c ON true
     CROSS JOIN LATERAL ledger.active_at(a.account_id, greatest(
               ledger.day_end(a.time_zone, a.cut_off, CAST(:close_date AS date)),
               CAST(:active_at AS timestamptz))) AS t (active)
     CROSS JOIN LATERAL ledger.was_active(
           a.account_id, ledger.day_end(a.time_zone, a.cut_off, CAST(:close_date AS date)), a.active) AS w (active)
      LEFT JOIN recon.sign_off_state AS s ON s.account_id = a.account_id AND s.as_of_date = :close_date
      LEFT JOIN recon.reconciliation AS r
        ON (r.account_id, r.as_of_date, r.version) = (s.account_id, s.as_of_date, s.version)
       AND NOT recon.is_left_behind(
               r.account_id, r.as_of_date, r.entity, r.gl_account, r.currency, r.members, r.compared_at)
     WHERE c.account_id IS NOT NULL OR r.account_id IS NOT NULL OR t.active
), netted AS (
    SELECT l.*, CASE WHEN l.closing_currency = l.currency THEN l.ledger_balance END AS closing,
           g.balance AS gl_now, f.file_name AS gl_file, f.line_no AS gl_line
      FROM line AS l
      LEFT JOIN recon.gl_figure AS f
        ON (f.load_no, f.as_of_date, f.entity, f.gl_account, f.currency)
         = (l.gl_load_no, CAST(:close_date AS date), l.entity, l.gl_account, l.currency)
      LEFT JOIN LATERAL (
           SELECT b.balance FROM recon.gl_balance AS b
            WHERE (b.as_of_date, b.entity, b.gl_account, b.currency)
                = (CAST(:close_date AS date), l.entity, l.gl_account, l.currency)
            ORDER BY b.load_no DESC LIMIT 1) AS g ON true
), judged AS (
    SELECT entity, gl_account, account_id, name, currency, minor_units, closing,
           CASE WHEN closing_currency = currency THEN available_balance END AS available,
           observed_at, closing_currency, compared_bank, gl_balance, gl_file, gl_line, difference, bank_items,
           book_items, unexplained, tolerance, status, cause, opened_on, age_days, members, version,
           provisional, sign_off, prepared_by, approved_by, seal_no, leads_group, was_active,
           version IS NOT NULL AND (
               gl_now IS DISTINCT FROM gl_balance
               OR compared_bank IS DISTINCT FROM
                  CASE WHEN count(closing) OVER its_group = members THEN sum(closing) OVER its_group END) AS restated
      FROM netted
    WINDOW its_group AS (PARTITION BY entity, gl_account, currency, version IS NOT NULL)
)
SELECT *, nullif(concat_ws('; ', CASE WHEN provisional THEN 'provisional' END,
                           CASE WHEN restated THEN 'restated since it was compared' END,
                           CASE WHEN closing_currency <> currency
                                THEN 'its closing is in ' || closing_currency END), '') AS note
  FROM judged
 ORDER BY entity, currency, gl_account, account_id
