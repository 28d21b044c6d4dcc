"""What happened at a site, forwarded by mail and webhook to where its administrators look anyway."""
