-- Purpose: the lists of outstanding items that were loaded by the profile before, of later dates than the one at hand.
-- Grain:   load.
-- Params:  profile; as_of_date: that of the list at hand.
CREATE TEMPORARY TABLE later ON COMMIT DROP AS
SELECT f.load_no, f.list_date, f.list_entity, f.list_gl_account, f.list_currency
  FROM recon.file_load AS f
 WHERE f.kind = 'items' AND f.profile = :profile AND f.list_date > :as_of_date
