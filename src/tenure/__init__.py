"""Tenure: subscription licensing that a software vendor hosts himself, sold through service providers."""

__version__ = "0.2.0"
