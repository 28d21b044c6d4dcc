"""Demo, story and simulator, and the stand-ins they need; nothing here runs in production."""
