"""Lists that forges hand out page by page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from reconciler.exchange import Answer
from reconciler.forges.errors import ForgeError

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r""";\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)""", re.IGNORECASE)


def items_of(read: Any, place: str) -> list[Any]:
    """The items of a page: a list, or `values` as Bitbucket has them.

    Raises:
        ForgeError: it is no page.
    """
    items = read.get("values") if isinstance(read, dict) else read
    if not isinstance(items, list):
        raise ForgeError(f"{place} answered no list where one is documented")
    return items


def next_page(url: str, answer: Answer, read: Any) -> str:
    """The address of the page after one, "" after the last.

    GitLab numbers it in `X-Next-Page`, GitHub and Gitea link to it in `Link`, Bitbucket in `next` of the body
    ("Pagination" in their documentation). GitLab's number comes first, as its links name the address that it knows
    itself by.
    """
    number = answer.headers.get("x-next-page", "").strip()
    if number.isascii() and number.isdecimal():
        parts = urlsplit(url)
        query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "page"]
        return parts._replace(query=urlencode([*query, ("page", number)])).geturl()
    for target, more in _LINK.findall(answer.headers.get("link", "")):
        if _NEXT.search(more):
            return urljoin(url, str(target))
    told = read.get("next") if isinstance(read, dict) else None
    return str(urljoin(url, told)) if isinstance(told, str) and told else ""
