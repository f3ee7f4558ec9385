"""Texts as they go to the terminal."""

from rich import markup

from core.text import visible


def escape(text: str) -> str:
    """A text in which rich finds no markup, and the terminal no command."""
    return markup.escape(visible(text))
