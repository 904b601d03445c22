"""Who may speak to members' routes: programs on this machine, since nobody is asked who they are."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit


def loopback(host: str) -> bool:
    """Whether only this machine reaches the address; what is no plain address or `localhost` counts as reachable."""
    try:
        return host.casefold() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def refused(headers: Mapping[str, str]) -> str:
    """Why a request is not from a program on this machine, in a sentence; empty if it is.

    A page in this machine's browser can reach loopback as well: it gives its `Origin` away when it posts (Fetch
    Standard, 3.2), and where a name was pointed at loopback (DNS rebinding) the `Host` is that name.
    """
    host = headers.get("Host", "")
    if "Origin" in headers or headers.get("Sec-Fetch-Site", "none") != "none":
        return "Web pages are not answered here, only programs on this machine."
    if host and not loopback(_name(host)):
        return "Only requests to localhost or a loopback address are answered here."
    return ""


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
