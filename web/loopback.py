"""Whether an address is this machine's own."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host, by address or by name, is this machine, and nothing that others reach.

    Parameters
    ----------
    host
        An address, IPv6 with or without brackets, or a name; no port.
    """
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
