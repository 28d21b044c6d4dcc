"""What each fact changes in a subscription, a module per subject; `core.subscription` sends each fact to its own."""
