"""Falsifiability: every promise is seen red under a fault, and green again after its remedy, on a sandbox.

matrix    features/NAME.faults.yaml: which fault turns which promise red, what it must say, and what repairs it
bench     a sandbox that is broken on purpose, and judged by pytest in a process of its own, as a person would
proof     healthy -> inject -> red with the right message -> repaired -> green -> undo -> green, for one row
results   what a row came to
drawing   the matrix as it was really run: a table, a page; picture draws it
audit     what the API server's audit log says was changed
"""
