"""Local accounts over the local API: the door, one's own account, the team."""
