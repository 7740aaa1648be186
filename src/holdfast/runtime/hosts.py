"""What a host's name or address says of where it is; nothing is looked up."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address is this machine's own loopback."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(host: str) -> bool:
    """Tell whether a host is written as an address that no router of the internet knows."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_private and not address.is_unspecified
