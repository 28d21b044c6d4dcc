"""What crosses a process border and how it is proven: bytes in, a value or a refusal out; no I/O and no clock."""
