"""Messages between processes and how they are proven: bytes in, a value or a refusal out; no I/O and no clock."""
