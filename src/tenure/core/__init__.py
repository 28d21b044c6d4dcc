"""What is true and what may happen: pure functions of facts and `now`, without I/O, clock or randomness."""
