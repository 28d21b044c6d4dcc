"""Random lives of subscriptions and a judge of their money: what was served was paid for, and nobody paid twice."""
