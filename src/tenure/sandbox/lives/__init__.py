"""Random lives of subscriptions and a judge of their money: each day served is paid for, and paid for only once."""
