"""Users of the API: signing in, their own accounts, teams, invitations, the audit."""
