"""Addresses of mail and of machines."""

import ipaddress
import re

from danlu.corpus.privacy.kind import Certainty, Draw, Kind, words

# RFC 2606 and RFC 6761: domains that belong to nobody.
_RESERVED_DOMAIN = re.compile(r"(?:^|\.)(?:example\.(?:com|net|org)|example|invalid|test|localhost)$", re.IGNORECASE)
# logo@2x.png is a picture, git@github.com a service.
_NO_DOMAIN = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|css|js|html?|py|so|dll|service|local|tld)$", re.IGNORECASE)
_SERVICE = re.compile(r"(?:git|hg|svn|ssh|root|user|username)$", re.IGNORECASE)
_SYLLABLES = tuple(consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou")
_DOMAINS = ("example.com", "example.net", "example.org")

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9_][A-Za-z0-9._%+\-]{0,63}[@\uff20]"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9\-])"
)


def _judge_email(found: re.Match[str]) -> Certainty:
    name, _, domain = found.group().replace("\uff20", "@").partition("@")
    if _RESERVED_DOMAIN.search(domain):
        return Certainty.RESERVED
    if _NO_DOMAIN.search(domain) or _SERVICE.match(name):
        return Certainty.NONE
    return Certainty.STRONG


def _invent_email(_: str, drawn: Draw) -> str:
    name = "".join(_SYLLABLES[drawn.below(len(_SYLLABLES), place)] for place in range(4))
    return f"{name}@{_DOMAINS[drawn.below(3, 5)]}"


EMAIL = Kind(
    name="email",
    trigger="at",
    pattern=_EMAIL,
    judge=_judge_email,
    value=lambda text: text.replace("\uff20", "@").lower(),
    invent=_invent_email,
    in_addresses=True,
)

# Resolvers that everyone knows: names of things, not of persons.
_PUBLIC = frozenset(
    ("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "114.114.114.114", "223.5.5.5", "223.6.6.6", "119.29.29.29")
)
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
_IP = re.compile(
    r"(?<![\w.:/\-])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w/\-]|\.\d|\.in-addr)|[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,34}(?![\w/.]))",
    re.ASCII,
)


def _judge_ip(found: re.Match[str]) -> Certainty:
    text = found.group()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return Certainty.NONE
    if address.version == 6:
        return Certainty.STRONG if address.is_global and address in _GLOBAL_V6 else Certainty.RESERVED
    if not address.is_global or address.is_multicast or text in _PUBLIC:
        return Certainty.RESERVED
    # 1.2.10.3 is more often a version or a section than a machine, and so is 8.0.0.0.
    parts = [int(part) for part in text.split(".")]
    return Certainty.WEAK if max(parts) < 64 or parts[-1] == 0 else Certainty.PLAIN


def _invent_ip(text: str, drawn: Draw) -> str:
    """Of the blocks for documents: RFC 5737 and RFC 3849."""
    if ":" in text:
        return f"2001:db8:{drawn.below(65536):x}:{drawn.below(65536, 1):x}::{drawn.below(65535, 2) + 1:x}"
    block = ("192.0.2", "198.51.100", "203.0.113")[drawn.below(3, 1)]
    return f"{block}.{drawn.below(254) + 1}"


IP = Kind(
    name="ip",
    trigger="dotted",
    pattern=_IP,
    judge=_judge_ip,
    value=lambda text: str(ipaddress.ip_address(text)),
    invent=_invent_ip,
    lifts=words("ips?|ipv[46]|addr(?:ess(?:es)?)?|hosts?|client|visitor|login|ping|ssh", "地址|主机|登录|访客|来自"),
    lowers=words(r"versions?|ver\.?|v|sections?|releases?|chapter|python|driver", "版本|驱动|章节|更新至|升级"),
    in_addresses=True,
)
