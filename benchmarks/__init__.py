"""Figures, measured and held against what was promised: `python -m benchmarks [NAME …]`."""
