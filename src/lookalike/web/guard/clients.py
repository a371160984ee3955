"""The other end of a connection, and what a proxy says → the address that limits are for."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

_SITE = 64  # bits: who has one address of IPv6 has as many as they like with the same beginning


def client_of(peer: str, forwarded: str | None, proxies: Collection[str]) -> str:
    """Who asks: ``peer``, or who stands behind it, where it is a proxy that is believed.

    Only the last address of X-Forwarded-For is what the proxy saw; those before it are what the
    client said of itself.
    """
    if forwarded and plain(peer) in {plain(one) for one in proxies}:
        last = forwarded.rpartition(",")[2].strip()
        if _parsed(last) is not None:
            return plain(last)
    return plain(peer)


def plain(address: str) -> str:
    """An address without its zone; one of IPv4 that is written as one of IPv6, as IPv4."""
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return address if found is None else str(found)


def group_of(address: str) -> str:
    """What counts as one client: an address, or a network of IPv6."""
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found), _SITE), strict=False))
    return address


def is_loopback(address: str) -> bool:
    """Whether it is an address of this machine that no other reaches."""
    found = _parsed(plain(address))
    return found is not None and found.is_loopback


def is_address(text: str) -> bool:
    """Whether it is an address in numbers."""
    return _parsed(text) is not None


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
