"""IP addresses, as servers and proxies write them."""

import ipaddress
import re

_AddressAndPort = re.compile(r"\[(?P<six>[^\]]+)\](:\d+)?|(?P<four>[\d.]+):\d+", re.ASCII)


def address_in(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address in what a server or a proxy calls one, or None where there is none.

    Some write the port behind it; and an IPv4 address may come in the clothes of an IPv6 one.
    """
    text = text.strip()
    match = _AddressAndPort.fullmatch(text)
    if match:
        text = match["six"] or match["four"]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
