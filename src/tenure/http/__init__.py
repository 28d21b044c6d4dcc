"""Shared conventions of APIs: how requests are read, refused, repeated, logged and documented, at server and site."""
