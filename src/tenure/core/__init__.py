"""What is true and what may happen: pure functions of facts and `now`, without I/O, clock or randomness.

A kernel (`timeline`, `periods`, `pricing`, `refusals`, `versions`, `activation_codes`, `installation`,
`explain`, and the words for people: `audience`, `plurals`, `field_errors`, `fact_words`, `renewal_outlook`) and
five books that build on it in this order: `lease` (what a holder may do), `policy` (what a provider may set),
`subscription` (facts and what follows from them), `business` (commands, money, decisions), `answering` (what a
server signs and answers).
`docs/architecture.md` has a reading path of an hour.
"""
