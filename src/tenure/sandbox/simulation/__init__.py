"""The whole chain in one process on one virtual clock, shaken by a seed: how P1, P2 and P5 are shown to hold."""
