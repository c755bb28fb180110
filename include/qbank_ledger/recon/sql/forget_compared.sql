-- Purpose: forget the changes that were compared. A date that may not be over yet is compared again
--          until it is: its cut-off falls at the latest half a day after it, in UTC.
DELETE FROM recon.changed AS c
 USING pending AS p
 WHERE c.changed_no = p.changed_no AND (c.last_date = 'infinity' OR c.last_date < current_date - 2)
