"""Shared ground: errors, settings, registry, artifacts, events, named random streams. Never imports torch."""
