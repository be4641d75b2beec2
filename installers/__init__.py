"""One folder per component, what to install (data), and one shared way to install it (code)."""
