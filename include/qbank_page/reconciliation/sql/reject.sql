-- Purpose: send back what somebody else prepared, in the name that the transaction acts in.
-- Parameters: account_id, as_of_date, comment, version: refused unless it is the newest.
SELECT state FROM recon.reject(:account_id, :as_of_date, :comment, :version)
