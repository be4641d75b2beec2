"""Read-only facts about a live system: one file per system, frozen dataclasses."""
