-- Purpose: let this transaction stand idle for as long as reading a file of the largest size takes.
-- Grain:   one row.
-- Parameters: none.
SELECT set_config('idle_in_transaction_session_timeout', '300s', true)
