-- Purpose: what an identity may do, as the register of signatories has it now.
-- Grain:   right × entity (null: all).
-- Parameters: identity, such as airflow:jane.
SELECT s.may, s.entity
  FROM recon.signatory AS s
 WHERE s.identity = :identity AND s.revoked_at IS NULL
