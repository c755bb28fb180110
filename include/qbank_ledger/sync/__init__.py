"""The hourly run, room by room: plan, fetch, audit, publish, settle. Knows nothing of the bank."""
