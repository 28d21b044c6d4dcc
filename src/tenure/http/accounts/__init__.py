"""How people prove who they are: passwords, second factors, recovery codes, delays; what is stored is the caller's."""
