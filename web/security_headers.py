"""Headers that keep browsers from doing more with an answer than to show it."""

OF_EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
"""Of every answer, whoever makes it."""

OF_DATA = "default-src 'none'; frame-ancestors 'none'"
"""The policy of an answer that is no page."""
