"""The conformance kit: scenarios as data, a server that misbehaves on demand, a runner for any client
[spec: conformance]."""
