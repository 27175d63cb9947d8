"""The ledger: tables, transactions, the audit chain, migrations."""
