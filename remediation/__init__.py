"""One module per `@remedy:<name>`: it reads through probes and yields Changes."""
