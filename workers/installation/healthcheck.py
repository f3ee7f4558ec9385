"""``python -m workers.installation.healthcheck``: whether a worker of this host reports."""

import socket
import sys
from typing import cast

from redis.exceptions import RedisError

from core.errors import AxiomaticError
from workers.engine.connection import connect_briefly
from workers.engine.ledger.keys import NODES_SEEN
from workers.installation.settings import Settings

LATE_SECONDS = 10.0


def is_present(settings: Settings, host: str) -> bool:
    """Whether a worker whose node name ends in ``@host`` has reported within ten seconds."""
    redis = connect_briefly(settings)
    try:
        now = float(redis.time()[0])
        # a report from the future was made before the clock was put back
        lately = (now - LATE_SECONDS, now + LATE_SECONDS)
        live = cast("list[bytes]", redis.zrangebyscore(NODES_SEEN, *lately))
    finally:
        redis.close()
    return any(node.decode().endswith(f"@{host}") for node in live)


def main() -> None:
    """Exit with 0 if a worker of this host has reported lately, with 1 if not."""
    try:
        present = is_present(Settings.from_environment(), socket.gethostname())
    except (RedisError, AxiomaticError) as error:
        sys.exit(f"{error}")
    sys.exit(0 if present else 1)


if __name__ == "__main__":
    main()
