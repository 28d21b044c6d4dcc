"""Programs of others under the same load: run by an environment of their own, never by the project's."""
