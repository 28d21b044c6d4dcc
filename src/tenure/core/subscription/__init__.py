"""What has happened to one subscription, and what follows from it: facts, their fold, its timeline, its devices."""
