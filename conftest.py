"""Everything is in the plugin."""

pytest_plugins = ["roadworthy.plugin"]
