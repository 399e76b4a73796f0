"""The ground: workspace, landing, ledger, model runner, publication."""
