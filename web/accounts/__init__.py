"""Who may use an installation: its users and their keys, kept in the installation's Redis."""

from web.accounts.accounts import Account, Accounts, SignIn, UnknownUser, check_name
from web.accounts.keys import KEY_PREFIX
from web.accounts.user import OPEN_USER, User

__all__ = [
    "KEY_PREFIX",
    "OPEN_USER",
    "Account",
    "Accounts",
    "SignIn",
    "UnknownUser",
    "User",
    "check_name",
]
