-- Purpose: the rest of this transaction acts in the name of an identity that Airflow's login proved.
-- Grain:   one row: the identity.
-- Params:  identity: airflow:NAME.
SELECT recon.act_as(:identity)
