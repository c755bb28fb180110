-- Purpose: give what was compared (the table compared) its age, and write a version where something
--          differs from the newest one; also of later dates, where only their opening moves. What was
--          compared outside an account's time counts for no age.
-- Grain:   account × date; again writes nothing. Returns how many versions of each status it wrote.
WITH fresh AS MATERIALIZED (
    SELECT m.account_id, c.* FROM compared AS c CROSS JOIN LATERAL unnest(c.members) AS m (account_id)
), since AS MATERIALIZED (
    -- From the first date compared on; where an item was open before it, from that item's opening.
    SELECT f.account_id, greatest(coalesce(before.opened_on, f.first_date), t.begins_on) AS first_date
      FROM (SELECT account_id, min(as_of_date) AS first_date FROM fresh GROUP BY account_id) AS f
      JOIN recon.account_time AS t USING (account_id)
      LEFT JOIN LATERAL (
           SELECT r.opened_on FROM recon.reconciliation AS r
            WHERE r.account_id = f.account_id AND r.as_of_date < f.first_date AND r.as_of_date >= t.begins_on
            ORDER BY r.as_of_date DESC, r.version DESC LIMIT 1) AS before ON true
), newest AS MATERIALIZED (
    SELECT DISTINCT ON (r.account_id, r.as_of_date) r.*
      FROM since AS s
      JOIN recon.reconciliation AS r ON r.account_id = s.account_id AND r.as_of_date >= s.first_date
     ORDER BY r.account_id, r.as_of_date, r.version DESC
), line AS (
    SELECT account_id, as_of_date, entity, gl_account, currency, bank_balance, bank_observed_at, gl_balance, gl_load_no,
           difference, bank_items, book_items, unexplained, tolerance, status, cause, members, provisional
      FROM fresh
    UNION ALL
    SELECT account_id, as_of_date, entity, gl_account, currency, bank_balance, bank_observed_at, gl_balance, gl_load_no,
           difference, bank_items, book_items, unexplained, tolerance, status, cause, members, provisional
      FROM newest AS n
     WHERE NOT EXISTS (SELECT FROM fresh AS f WHERE (f.account_id, f.as_of_date) = (n.account_id, n.as_of_date))
), stretch AS (
    -- A date that matches begins a stretch; whatever else is in it is one open item.
    SELECT l.*, count(*) FILTER (WHERE cause IS NULL) OVER (PARTITION BY account_id ORDER BY as_of_date) AS stretch_no
      FROM line AS l
), aged AS (
    SELECT s.*, CASE WHEN cause IS NOT NULL THEN
                min(as_of_date) FILTER (WHERE cause IS NOT NULL)
                    OVER (PARTITION BY account_id, stretch_no) END AS opened_on
      FROM stretch AS s
), written AS (
    INSERT INTO recon.reconciliation (
        account_id, as_of_date, version, entity, gl_account, currency, bank_balance, bank_observed_at, gl_balance,
        gl_load_no, difference, bank_items, book_items, unexplained, tolerance, status, cause, opened_on, age_days,
        members, provisional)
    SELECT a.account_id, a.as_of_date, coalesce(n.version, 0) + 1, a.entity, a.gl_account, a.currency, a.bank_balance,
           a.bank_observed_at, a.gl_balance, a.gl_load_no, a.difference, a.bank_items, a.book_items, a.unexplained,
           a.tolerance, a.status, a.cause, a.opened_on, a.as_of_date - a.opened_on, a.members, a.provisional
      FROM aged AS a
      LEFT JOIN newest AS n ON (n.account_id, n.as_of_date) = (a.account_id, a.as_of_date)
     -- Not gl_load_no: a file that says the same again changes nothing.
     WHERE n.account_id IS NULL
        OR (a.entity, a.gl_account, a.currency, a.bank_balance, a.bank_observed_at, a.gl_balance, a.bank_items,
            a.book_items, a.tolerance, a.status, a.cause, a.opened_on, a.members, a.provisional)
           IS DISTINCT FROM
           (n.entity, n.gl_account, n.currency, n.bank_balance, n.bank_observed_at, n.gl_balance, n.bank_items,
            n.book_items, n.tolerance, n.status, n.cause, n.opened_on, n.members, n.provisional)
    RETURNING status
)
SELECT status, count(*)::integer AS versions FROM written GROUP BY status ORDER BY status
