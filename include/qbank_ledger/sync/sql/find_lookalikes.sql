-- Purpose: answers that are exactly another account's in both balances, its newest or its answer in the same run, and
--          not the account's own newest. Amounts with few digits are alike by chance: they have six at least, and more
--          than the number of pairs of answers has. Alike for a reason, and left out, are: an account without a
--          history; two that were alike before (one listed twice, or kept equal); an empty account that got all of
--          another, which is empty now.
-- Params:  run_no; since: how far back another account's newest balance is looked for.
-- Grain:   run × account; again changes nothing, and what has a verdict keeps it.
INSERT INTO sync.lookalike (run_no, account_id, other_account_id)
WITH answered AS MATERIALIZED (
    SELECT o.account_id, o.available_balance, o.ledger_balance,
           least(sync.significant_digits(o.available_balance), sync.significant_digits(o.ledger_balance)) AS digits
      FROM sync.observation AS o
     WHERE o.run_no = :run_no AND o.state = 'answered'
), answer AS MATERIALIZED (
    SELECT account_id, available_balance, ledger_balance FROM answered
     WHERE digits >= (SELECT greatest(6, 1 + length((count(*) * count(*))::text)) FROM answered)
), held AS NOT MATERIALIZED (
    SELECT account_id, available_balance, ledger_balance, as_of_hour FROM ledger.balance WHERE as_of_hour >= :since
), version AS NOT MATERIALIZED (
    SELECT account_id, as_of_hour, available_balance, ledger_balance FROM ledger.balance
    UNION ALL
    SELECT account_id, as_of_hour, available_balance, ledger_balance FROM ledger.balance_history
), pair AS MATERIALIZED (
    SELECT available_balance, ledger_balance, min(account_id) AS account_id, count(*) AS accounts
      FROM answer GROUP BY available_balance, ledger_balance
), shared AS MATERIALIZED (
    -- What more than one account has; found by the pair, since all of them may have the same.
    SELECT available_balance, ledger_balance FROM pair WHERE accounts > 1
    UNION ALL
    SELECT p.available_balance, p.ledger_balance FROM pair AS p
     WHERE p.accounts = 1
       AND EXISTS (SELECT FROM held AS h
                    WHERE h.available_balance = p.available_balance AND h.ledger_balance = p.ledger_balance
                      AND h.account_id <> p.account_id)
), moved AS MATERIALIZED (
    -- Those with a history. Who has the same answer and another newest balance than one's own is somebody else.
    SELECT a.account_id, a.available_balance, a.ledger_balance,
           own.as_of_hour AS own_hour, own.available_balance AS own_available, own.ledger_balance AS own_ledger,
           first_value(a.account_id) OVER same AS first_id,
           (first_value(own.available_balance) OVER same, first_value(own.ledger_balance) OVER same)
               IS DISTINCT FROM (own.available_balance, own.ledger_balance) AS first_is_another,
           last_value(a.account_id) OVER same AS last_id,
           (last_value(own.available_balance) OVER same, last_value(own.ledger_balance) OVER same)
               IS DISTINCT FROM (own.available_balance, own.ledger_balance) AS last_is_another
      FROM answer AS a JOIN shared USING (available_balance, ledger_balance)
     CROSS JOIN LATERAL (
           SELECT b.as_of_hour, b.available_balance, b.ledger_balance FROM ledger.balance AS b
            WHERE b.account_id = a.account_id ORDER BY b.as_of_hour DESC LIMIT 1) AS own
    WINDOW same AS (PARTITION BY a.available_balance, a.ledger_balance
                    ORDER BY own.available_balance, own.ledger_balance
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), newest AS MATERIALIZED (
    -- Who has such balances as the newest; and of those who is not empty now.
    SELECT h.available_balance, h.ledger_balance, min(h.account_id) AS account_id,
           min(h.account_id) FILTER (WHERE n.digits IS NULL OR n.digits >= 6) AS not_empty_id
      FROM (SELECT h.*
              FROM (SELECT DISTINCT available_balance, ledger_balance FROM moved) AS m
              JOIN held AS h USING (available_balance, ledger_balance)
            OFFSET 0) AS h  -- joined first: a look at the index for each of these, and not for each that is held
      LEFT JOIN answered AS n USING (account_id)
     WHERE h.as_of_hour = (SELECT b.as_of_hour FROM ledger.balance AS b
                            WHERE b.account_id = h.account_id ORDER BY b.as_of_hour DESC LIMIT 1)
     GROUP BY h.available_balance, h.ledger_balance
), found AS (
    SELECT m.account_id, m.own_hour,
           CASE WHEN n.not_empty_id IS NOT NULL THEN n.not_empty_id
                WHEN m.first_is_another THEN m.first_id
                WHEN m.last_is_another THEN m.last_id
                WHEN least(sync.significant_digits(m.own_available), sync.significant_digits(m.own_ledger)) >= 6
                THEN n.account_id END AS other_id
      FROM moved AS m LEFT JOIN newest AS n USING (available_balance, ledger_balance)
     WHERE (m.own_available, m.own_ledger) IS DISTINCT FROM (m.available_balance, m.ledger_balance)
)
SELECT :run_no, f.account_id, f.other_id
  FROM (SELECT account_id, other_id,
               least(:since, own_hour, (SELECT b.as_of_hour FROM ledger.balance AS b WHERE b.account_id = other_id
                                         ORDER BY b.as_of_hour DESC LIMIT 1)) AS since
          FROM found WHERE other_id IS NOT NULL OFFSET 0) AS f
 WHERE NOT EXISTS (SELECT FROM sync.verdict AS v WHERE v.run_no = :run_no AND v.account_id = f.account_id)
   -- Alike before: since both were last seen, or in the last runs, they have had some balances in common.
   AND 0 = (SELECT count(*)
              FROM version AS own JOIN version AS other USING (available_balance, ledger_balance)
             WHERE own.account_id = f.account_id AND other.account_id = f.other_id
               AND own.as_of_hour >= f.since AND other.as_of_hour >= f.since
               AND sync.significant_digits(ledger_balance) >= 6)
    ON CONFLICT (run_no, account_id) DO NOTHING
