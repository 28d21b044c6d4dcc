"""Local accounts over the local API: sign-in, one's own account, the team."""
