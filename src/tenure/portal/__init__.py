"""The provider's and the customers' pages: a client of the public API like any integrator, with no state of its own."""
