"""Which hosts are this machine."""

import pytest

from web.loopback import is_loopback


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "pages.localhost"]
)
def test_this_machine_by_its_addresses_and_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "10.0.0.1", "::", "128.0.0.1", "localhost.example", "127.0.0.1.example", "nobody"]
)
def test_other_machines_and_what_is_no_host(host: str) -> None:
    assert not is_loopback(host)
