"""Hands over to roadworthy's plugin, nothing else."""

pytest_plugins = ["roadworthy.plugin"]
