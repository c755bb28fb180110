"""The words in which tests speak of the product, each kind once; fixtures that make such things are in the conftests.

ledger: a ledger and the rooms of a run over it · month: a month of its hours · books: balances of the past beside an
ERP's files · signers: those who prepare and approve · register: who may act, and the page that acts in their names ·
desk: exports of newest balances · bank: the sandbox as a process · sync: runs of the DAG.
"""
