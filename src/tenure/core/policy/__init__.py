"""What a provider may set and has set: rules, actions, the vendor's bounds, and what a change of them means."""
