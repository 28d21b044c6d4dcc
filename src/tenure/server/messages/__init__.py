"""What leaves the server by itself: mails and webhooks, both written from what is in the outbox and in the emails."""
