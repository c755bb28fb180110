"""An Airflow process that lives on: for each account that it is told, one run with a hook of its own.

A run's outcome is a line among Airflow's own: what the test button says, and how the account was answered.
"""

import sys

from qbank.hook import QBankHook

for line in sys.stdin:
    hook = QBankHook()
    good, message = hook.test_connection()
    states = [answer.state for answer in hook.get_balances([line.strip()])] if good else []
    print("outcome:", message, *states, flush=True)
