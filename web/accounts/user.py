"""Whose request it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """Whose request it is.

    Parameters
    ----------
    user_id
        What slates and jobs are kept under. It never changes, whatever happens to the user's keys.
    name
        As it was given to ``axiomatic users add``.
    admin
        Whether the user may list and cancel everybody's jobs.
    """

    user_id: str
    name: str
    admin: bool


OPEN_USER = User("everyone", "everyone", admin=True)
"""Everybody, while an installation has no user.

The first administrator has the same ``user_id``, so what was there before the first user is that
user's without being moved.
"""
