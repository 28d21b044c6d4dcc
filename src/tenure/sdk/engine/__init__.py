"""The signed question-and-answer engine of every client: kept, proven, asked, answered, kept again.

An application or a site asks the activation server for a lease, a device asks its site for a seat; the engine does for
both what is the same. Each step is a module: `state` (what is kept), `generations` (files that survive a crash),
`holder` (kept, proven and dated), `replies` (what a reply amounts to), `answers` (what every answer changes), `session`
(one question: saved, sent, proven, taken, saved), `keeper` (when to ask, and only one at a time). What is held, and
which questions there are, is the payload's: `sdk.lease_holder` with
`sdk.lease_questions`, `agent.seat_holder` with `agent.seat_question`.
"""
