"""The engine: collection, verdicts, waiting, convergence, journal, lock, evidence, reports."""
