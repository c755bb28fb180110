-- Purpose: what the books say of a GL account on a date, in every currency and load, the newest load first.
-- Grain:   GL balance × load.
-- Parameters: as_of_date, entity, gl_account.
SELECT g.currency, ledger.minor_units(g.currency) AS minor_units, g.balance, g.load_no, g.source, g.file_name,
       g.line_no, g.profile, g.loaded_at, g.loaded_by
  FROM recon.gl_figure AS g
 WHERE g.as_of_date = :as_of_date AND g.entity = :entity AND g.gl_account = :gl_account
 ORDER BY g.load_no DESC, g.currency
