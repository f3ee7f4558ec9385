"""Keys of users: made at random, shown once, kept as a hash."""

import hashlib
import hmac
import secrets

KEY_PREFIX = "axm_"
"""Every key begins with it, so that scanners for leaked secrets, and people, know one."""

_BYTES = 32


def new_key() -> str:
    """A new key: the prefix and 256 random bits in base64url."""
    return KEY_PREFIX + secrets.token_urlsafe(_BYTES)


def hash_of(key: str) -> str:
    """SHA-256 of a key in hexadecimal, which is all that is kept of it.

    A slow hash with a salt protects passwords because they can be guessed. Nobody guesses 256
    random bits, whatever a guess costs, so one round without a salt loses nothing, a key is found
    by its hash in one step, and a request is not slowed down (NIST SP 800-63B-4, 3.1.2: look-up
    secrets of 112 random bits or more need no more than an approved hash).
    """
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def same_hash(one: str, other: str) -> bool:
    """Whether two hashes are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)
