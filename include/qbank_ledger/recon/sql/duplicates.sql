-- Purpose: the rows of a file that say once more what an earlier one of it says of the same key.
-- Grain:   row of the table incoming but the first of each key, the first 1,000.
SELECT line_no, first_line
  FROM (SELECT line_no, first_value(line_no) OVER (
                   PARTITION BY entity, gl_account, currency, as_of_date, side, kind, item_date, reference
                   ORDER BY line_no) AS first_line
          FROM incoming) AS i
 WHERE line_no <> first_line
 ORDER BY line_no
 LIMIT 1000
