"""Which tracked link an address or a code means.

A link is named by its id or its code, in any letters, or by an address: the same host
and path, whatever else stands in the query, so long as all parameters of the link (utm_
and others) are there with its values. Of several links whose address fits, those with
most parameters are meant. The parameters alone (`utm_campaign=spring&utm_content=one`)
name a link as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import polars as pl

SCHEMA = {"text": pl.String, "campaign_id": pl.String, "link_id": pl.String}


@dataclass(frozen=True)
class Address:
    """What tells an address from others.

    Attributes:
        place: host and path; empty where only parameters are told.
        parameters: `name=value` of each, in small letters.
    """

    place: str
    parameters: frozenset[str]


def read_address(text: str) -> Address | None:
    """An address without what makes no difference; None for what is none.

    Scheme, `www.`, a slash at the end, the fragment and the order of parameters make
    none.
    """
    text = text.strip()
    if text.lower().startswith("utm_") and "=" in text:
        return Address("", _parameters(text))
    if "://" not in text:
        host = text.split("/", 1)[0]
        if "/" not in text or "." not in host or any(mark.isspace() for mark in text):
            return None
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    host = parts.netloc.rsplit("@", 1)[-1].lower()
    host = host.removeprefix("www.").removesuffix(":443").removesuffix(":80")
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    return Address(host + parts.path.rstrip("/"), _parameters(parts.query))


def _parameters(query: str) -> frozenset[str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return frozenset()
    return frozenset(f"{name.lower()}={value.lower()}" for name, value in pairs)


def links_meant(texts: Iterable[str], links: pl.DataFrame) -> pl.DataFrame:
    """The links that texts name.

    Args:
        texts: addresses, codes, ids, as they are written.
        links: campaign_id, link_id, url, code; one row a link.

    Returns:
        text, campaign_id, link_id: a row for each link that a text may mean, sorted; no
        row for a text that names none. One text may name links of several campaigns.
    """
    names: dict[str, list[tuple[str, str]]] = {}
    places: dict[str, list[tuple[Address, tuple[str, str]]]] = {}
    for link in links.iter_rows(named=True):
        key = (link["campaign_id"], link["link_id"])
        for name in {link["link_id"].casefold(), _folded(link["code"])} - {""}:
            names.setdefault(name, []).append(key)
        for address in _addresses(link):
            places.setdefault(address.place, []).append((address, key))
    rows = {
        (text, *key)
        for text in set(texts)
        for key in names.get(_folded(text)) or _by_address(text, places)
    }
    return pl.DataFrame(sorted(rows), schema=SCHEMA, orient="row")


def _folded(text: str | None) -> str:
    return (text or "").strip().casefold()


def _addresses(link: Mapping[str, Any]) -> Iterator[Address]:
    for text in (link["url"], link["code"]):
        address = read_address(text) if text else None
        if address is not None and address.place:
            yield address


def _by_address(
    text: str, places: Mapping[str, list[tuple[Address, tuple[str, str]]]]
) -> list[tuple[str, str]]:
    asked = read_address(text)
    if asked is None:
        return []
    if asked.place:
        there = places.get(asked.place, [])
    else:
        # Parameters alone name no link that has none.
        there = [one for some in places.values() for one in some if one[0].parameters]
    fitting = [one for one in there if one[0].parameters <= asked.parameters]
    most = max((len(address.parameters) for address, _ in fitting), default=0)
    return [key for address, key in fitting if len(address.parameters) == most]
