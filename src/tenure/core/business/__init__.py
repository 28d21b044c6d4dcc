"""What may be done with an account of subscriptions and what it costs: commands, decisions, settlement, the ledger."""
