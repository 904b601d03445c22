"""Where an endpoint is: whether on own machines, and how it may be named in a sentence."""

import ipaddress
from urllib.parse import urlsplit

from bot.core.errors import Misconfigured

_OWN = (".local", ".internal", ".lan", ".home.arpa", ".localhost", ".svc", ".cluster.local")


def host_of(address: str) -> str:
    """The host of an address, without what could be a password in it; empty where the address does not hold."""
    try:
        parts = urlsplit(address)
        return "" if parts.port == 0 else (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""


def own_machine(address: str) -> bool:
    """Whether an address leads to this machine or its private network: private text may go there.

    Names are not looked up: a name counts as own if it has no dot or an ending that the public name system does not
    have. Everything else is foreign.
    """
    host = host_of(address).casefold()
    if not host:
        return False
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_OWN)
    return number.is_loopback or number.is_private


def checked(address: str, setting: str) -> str:
    """The address without its last slash. Raises Misconfigured if it is none that a client can use."""
    try:
        parts = urlsplit(address)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        raise Misconfigured(f"{setting} is no address of the form http://host:port or https://host/path; correct it")
    return address.rstrip("/")
