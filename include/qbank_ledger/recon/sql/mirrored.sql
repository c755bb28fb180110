-- Purpose: the GL accounts that accounts mirror, also inactive ones.
-- Grain:   (entity, gl_account, currency).
SELECT DISTINCT entity, gl_account, currency FROM ledger.account ORDER BY entity, gl_account, currency
