-- Purpose: put a version of an account's date forward for approval, in the name that the transaction acts in.
-- Parameters: account_id, as_of_date, comment, version: refused unless it is the newest.
SELECT state FROM recon.prepare(:account_id, :as_of_date, :comment, :version)
