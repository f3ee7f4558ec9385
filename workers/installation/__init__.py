"""One installation: its settings, its own store and processes, and how it tells that it is well."""
