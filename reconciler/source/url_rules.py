"""Which URLs may be read, and which addresses are never asked unless the operator names them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from reconciler.model.data_paths import SCHEMES, WEB_SCHEMES, redacted_url

# Where clouds keep the credentials of a machine, besides the link-local addresses.
_METADATA = frozenset(map(ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")))
_PORTS = {"http": 80, "https": 443}


class RefusedAddressError(OSError):
    """A host, or a redirect of it, leads to an address that is not to be asked."""


@dataclass(frozen=True, slots=True)
class UrlRules:
    """The operator's decision.

    Attributes:
        patterns: such as `https://data.example.org/*`; None where the operator says nothing.
        is_work_tree: the manifests are the user's own, on the user's own machine; else they come from a repository that
            others may push to.
    """

    patterns: tuple[str, ...] | None = None
    is_work_tree: bool = True

    def refusal(self, url: str) -> tuple[str, str] | None:
        """Why a URL is not read and what to do about it; None where it may be."""
        shown = redacted_url(url)
        if not self._is_allowed(url):
            hint = (
                f"whoever runs reconciler allows it with `data: {{urls: [{_pattern_for(url)}]}}` in the configuration"
            )
            return f"data may not be read from `{shown}`", hint
        address = _literal_address(url)
        if address is not None and self.is_guarded(address) and not self.names_host(url):
            hint = f"whoever runs reconciler names it with `data: {{urls: [{_pattern_for(url)}]}}` in the configuration"
            return f"`{shown}` is on this machine or one of its services, which is not asked unless it is named", hint
        return None

    def names_host(self, url: str) -> bool:
        """Whether a pattern that allows the URL says its host in full."""
        return any("*" not in urlsplit(pattern).netloc and _fits(url, pattern) for pattern in self.patterns or ())

    def named_addresses(self) -> frozenset[tuple[str, int]]:
        """Addresses and ports of the hosts that patterns say in full."""
        named: set[tuple[str, int]] = set()
        for pattern in self.patterns or ():
            parts = urlsplit(pattern)
            if parts.scheme in WEB_SCHEMES and parts.hostname and "*" not in parts.netloc:
                named.update(addresses_of(parts.hostname, parts.port or _PORTS[parts.scheme]))
        return frozenset(named)

    def is_guarded(self, address: str) -> bool:
        """Whether an address is not to be asked unless it is named."""
        ip = _plain(address)
        if ip.is_link_local or ip in _METADATA:
            return True
        return not self.is_work_tree and (ip.is_loopback or ip.is_unspecified or ip.is_multicast)

    def may_follow(self, url: str) -> bool:
        """Whether a redirect may lead to a URL; its address is looked at when it is asked."""
        scheme = urlsplit(url).scheme
        if scheme not in WEB_SCHEMES:
            return False
        if scheme == "https" or (self.patterns is None and self.is_work_tree):
            return True
        return any(pattern.startswith("http://") for pattern in self.patterns or ())

    def _is_allowed(self, url: str) -> bool:
        if self.patterns is not None:
            return any(_fits(url, pattern) for pattern in self.patterns)
        scheme = urlsplit(url).scheme
        return scheme in SCHEMES if self.is_work_tree else scheme in SCHEMES and scheme != "http"


def addresses_of(host: str, port: int) -> Iterable[tuple[str, int]]:
    """The addresses of a host with a port; none where it has none now."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return [(str(each[4][0]), port) for each in found]


def _fits(url: str, pattern: str) -> bool:
    """Part by part, so that a `*` in the host does not reach into the path."""
    wanted, given = urlsplit(pattern), urlsplit(url)
    return (
        wanted.scheme == given.scheme
        and _matches(given.netloc.lower(), wanted.netloc.lower())
        and (wanted.path in ("", "/") or _matches(given.path, wanted.path))
    )


def _matches(text: str, pattern: str) -> bool:
    """Nothing but `*` has a meaning: an address of IPv6 has brackets."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def _pattern_for(url: str) -> str:
    parts = urlsplit(url)
    return f'"{parts.scheme}://{parts.netloc}/*"'


def _literal_address(url: str) -> str | None:
    """The address that a web URL says itself, as number or as `localhost`."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in WEB_SCHEMES:
        return None
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        return None


def _plain(address: str) -> IPv4Address | IPv6Address:
    """An address, that of IPv4 where it is one in the clothes of IPv6."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip
