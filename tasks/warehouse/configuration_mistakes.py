"""What is wrong with a `workspace.toml`, in words and with the line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel

from tasks.warehouse.configuration import (
    ADDRESS,
    IDENTIFIER,
    AccountRef,
    Alarms,
    Brand,
    Budget,
    Campaign,
    CollectPart,
    Configuration,
    Delta,
    Engine,
    Partner,
    Policies,
    Postgres,
    PostRef,
    Promise,
    Report,
    Source,
    TrackedLink,
    _needs_address,
    post_at,
)
from tasks.warehouse.networks import (
    API_FORMATS,
    APIS,
    APIS_OF,
    TABLE_FORMAT,
    ZONELESS_FORMATS,
)
from tasks.warehouse.table_mapping import (
    COLUMNS,
    TableMapping,
    is_of_whole_hours,
    lacking_of,
)

# Keys that say something of one kind of source only.
_API_KEYS = (
    "base_url",
    "commercial",
    "collect",
    "budget_share",
    "reserve",
    "limits",
    "patience_minutes",
    "max_in_flight",
    "budget_file",
    "download_hosts",
)
# What versions before this one took, and never applied.
_LANDING_KEPT = ("policies", "retention_days", "landing")
_WHY_LANDING_IS_KEPT = (
    "is no setting: landing is kept whole, since all that is published is made of it,"
    " also by later versions; take the line out. What is to be limited: restricted ="
    " DAYS for names and contacts, `privacy erase` for a person; to let go of old"
    " records, begin a new workspace (`init`) and delete the old one"
)
# Keys of no table: below one, TOML takes them for its keys.
_ABOVE_TABLES = ("timezone", "landing")
_FILE_KEYS = ("format", "path", "observed_at", "encoding", "table", "time_zone")


def in_sentences(
    file: Path, text: str, found: Iterable[tuple[tuple[str | int, ...], str]]
) -> list[str]:
    """Mistakes with the lines where they stand, in their order; each once.

    Args:
        file: the configuration.
        text: what stands in it.
        found: where, as a path of keys, and what is wrong.
    """
    lines = dict(_locate_keys(text))

    def line_of(path: tuple[str | int, ...]) -> int:
        """The line of a key, or of the nearest table around a missing one."""
        while path and path not in lines:
            path = path[:-1]
        return lines[path] if path else 0

    def sentence(path: tuple[str | int, ...], what: str) -> str:
        number = line_of(path)
        place = f"{file}:{number}" if number else f"{file}"
        return f"{place}: {_spell(path)}{what}"

    ordered = sorted(dict.fromkeys(found), key=lambda item: line_of(item[0]))
    return [sentence(path, what) for path, what in ordered]


def _spell(path: tuple[str | int, ...]) -> str:
    text = ""
    if path[-1:] == ("[key]",):  # the key itself is wrong, not what it says
        path = path[:-1]
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return f"{text} " if text else ""


def explain(path: tuple[str | int, ...], error: Any) -> str:
    """What is wrong with a value, of what its type says."""
    kind = error["type"]
    if kind == "extra_forbidden":
        known = _known_keys(path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.0)
        if path[-1] in _ABOVE_TABLES:
            return f"stands above the first table, or did you mean '{near[0]}'?"
        return f"is not a known key: did you mean '{near[0]}'?"
    if kind == "missing":
        return "is missing: add it"
    if path == (*_LANDING_KEPT, "[key]"):
        return _WHY_LANDING_IS_KEPT
    if kind == "literal_error":
        expected = error["ctx"]["expected"]
        near = difflib.get_close_matches(
            str(error["input"]), re.findall(r"'([^']*)'", expected), n=1
        )
        hint = f": did you mean '{near[0]}'?" if near else ""
        return f"must be one of {expected}{hint}"
    if kind == "string_pattern_mismatch":
        if error["ctx"]["pattern"] == ADDRESS:
            return "must be an address as https://api.example.com"
        return (
            "must start with a letter or digit and hold only letters, digits,"
            " '_', '.' and '-'"
            if error["ctx"]["pattern"] == IDENTIFIER
            else "must be three capital letters, as CNY"
        )
    message: str = error["msg"]
    if kind == "value_error":  # in words of ours
        return f"is wrong: {message.removeprefix('Value error, ')}"
    return f"is wrong: {message[0].lower()}{message[1:]}"


def _known_keys(path: tuple[str | int, ...]) -> list[str]:
    sections: dict[tuple[str, ...], type[BaseModel]] = {
        (): Configuration,
        ("sources",): Source,
        ("sources", "table"): TableMapping,
        ("brands",): Brand,
        ("brands", "accounts"): AccountRef,
        ("campaigns",): Campaign,
        ("campaigns", "post_ids"): PostRef,
        ("campaigns", "budget"): Budget,
        ("campaigns", "partners"): Partner,
        ("campaigns", "partners", "account"): AccountRef,
        ("campaigns", "partners", "other_accounts"): AccountRef,
        ("campaigns", "partners", "fee"): Budget,
        ("campaigns", "partners", "promised"): Promise,
        ("campaigns", "partners", "post_ids"): PostRef,
        ("campaigns", "tracked_links"): TrackedLink,
        ("campaigns", "tracked_links", "post"): PostRef,
        ("policies",): Policies,
        ("alarms",): Alarms,
        ("report",): Report,
        ("postgres",): Postgres,
        ("delta",): Delta,
        ("engine",): Engine,
    }
    names = tuple(part for part in path if isinstance(part, str))
    return sorted(sections[names].model_fields)


def _tables(data: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    tables = data.get(name)
    if isinstance(tables, list):
        for index, table in enumerate(tables):
            if isinstance(table, dict):
                yield index, table


@cache
def _time_zones() -> frozenset[str]:
    """Names of all time zones; to list them is to walk a folder of a thousand files."""
    return frozenset(available_timezones())


# Where a mistake stands in workspace.toml, and what it is.
_Mistakes = Iterator[tuple[tuple[str | int, ...], str]]


def cross_checks(data: dict[str, Any], root: Path) -> _Mistakes:
    """Mistakes between keys.

    Looks at the raw data, so that one mistake of form does not hide another.
    """
    brands = {str(table.get("id")) for _, table in _tables(data, "brands")}
    yield from _mistakes_of_time_zone(data)
    yield from _what_stands_twice(data)
    yield from _unknown_rivals(data, brands)
    yield from _words_that_name_nothing(data)
    yield from _mistakes_of_campaigns(data, brands)
    yield from _mistakes_of_policies(data)
    yield from _mistakes_of_engine(data)
    for index, source in _tables(data, "sources"):
        yield from _mistakes_of_source(index, source)
        yield from _mistakes_of_path(index, source, root)
        yield from _mistakes_of_table(index, source)


def _mistakes_of_time_zone(data: dict[str, Any]) -> _Mistakes:
    zone = data.get("timezone")
    if isinstance(zone, str) and zone not in _time_zones():
        near = difflib.get_close_matches(zone, _time_zones(), n=1)
        hint = near[0] if near else "Asia/Shanghai"
        yield ("timezone",), f"'{zone}' is no time zone: did you mean '{hint}'?"


def _what_stands_twice(data: dict[str, Any]) -> _Mistakes:
    """Names and ids that several sections of a kind have."""
    for name, key in (("sources", "name"), ("brands", "id"), ("campaigns", "id")):
        seen: set[object] = set()
        for index, table in _tables(data, name):
            value = table.get(key)
            if isinstance(value, str) and value in seen:
                yield (name, index, key), f"'{value}' stands twice: make it unique"
            seen.add(str(value))


def _unknown_rivals(data: dict[str, Any], brands: set[str]) -> _Mistakes:
    """Competitors that are no brands."""
    for index, table in _tables(data, "brands"):
        for rival in table.get("competitors") or []:
            if rival not in brands:
                yield (
                    ("brands", index, "competitors"),
                    f"names '{rival}', which is no brand's id: add that brand",
                )


def _words_that_name_nothing(data: dict[str, Any]) -> _Mistakes:
    for name in ("brands", "campaigns"):
        for index, table in _tables(data, name):
            for key in ("keywords", "hashtags"):
                words = table.get(key)
                for word in words if isinstance(words, list) else ():
                    if isinstance(word, str) and not _NO_NAME.sub("", word):
                        yield (
                            (name, index, key),
                            f"holds '{word}', which names nothing: write a word, or"
                            " leave it out",
                        )


def _mistakes_of_campaigns(data: dict[str, Any], brands: set[str]) -> _Mistakes:
    """Their brands, days and partners."""
    for index, table in _tables(data, "campaigns"):
        brand = table.get("brand")
        if isinstance(brand, str) and brand not in brands:
            near = difflib.get_close_matches(brand, sorted(brands), n=1, cutoff=0.0)
            hint = f": did you mean '{near[0]}'?" if near else ": add that brand"
            yield (("campaigns", index, "brand"), f"'{brand}' is no brand's id{hint}")
        start, end = table.get("start"), table.get("end")
        if type(start) is date and type(end) is date and start > end:
            yield (
                ("campaigns", index, "end"),
                f"{end} lies before start {start}: swap them",
            )
        yield from _mistakes_of_partners(index, table, data)
        yield from _mistakes_of_links(index, table)


def _mistakes_of_policies(data: dict[str, Any]) -> _Mistakes:
    policies = data.get("policies")
    if isinstance(policies, dict):
        low = policies.get("suspected_threshold", 0.5)
        high = policies.get("phantom_threshold", 0.8)
        numbers = isinstance(low, int | float) and isinstance(high, int | float)
        if numbers and low > high:
            yield (
                ("policies", "suspected_threshold"),
                f"{low} is above phantom_threshold {high}: lower it",
            )


def _mistakes_of_engine(data: dict[str, Any]) -> _Mistakes:
    engine = data.get("engine")
    if isinstance(engine, dict) and engine.get("name", "duckdb") == "duckdb":
        for key in sorted(engine.keys() & Engine.model_fields.keys() - {"name"}):
            yield ("engine", key), 'is Spark\'s: add name = "spark", or leave it out'


def _mistakes_of_source(index: int, table: dict[str, Any]) -> _Mistakes:
    """Keys that don't go with each other, and what an API needs."""
    is_api = table.get("kind") == "api"
    platform = table.get("platform")
    apis = APIS_OF.get(str(platform), ())
    for key in _FILE_KEYS if is_api else _API_KEYS:
        if key not in table:
            continue
        if is_api and key == "format" and len(apis) > 1:
            if table["format"] not in apis:
                yield (
                    ("sources", index, "format"),
                    f"names no API of {platform}: use {' or '.join(apis)}",
                )
            continue
        kind = "an API" if is_api else "files"
        yield ("sources", index, key), f"means nothing for {kind}: leave it out"
    if not is_api:
        yield from _mistakes_of_zone(index, table)
    if is_api and isinstance(platform, str) and platform not in API_FORMATS:
        yield (
            ("sources", index, "platform"),
            f"'{platform}' has no API that can be read: bring its archive as"
            ' kind = "files"',
        )
    if is_api and apis:
        form = table.get("format", apis[0])
        for what in _parts_that_are_not_there(
            str(platform), form if form in apis else apis[0], table
        ):
            yield ("sources", index, "collect"), what
    if is_api and _needs_address(platform) and not table.get("base_url"):
        yield (
            ("sources", index),
            "needs base_url: the address of the blog, as https://blog.example.com",
        )
    if is_api and _is_in_the_clear(table.get("base_url")):
        yield (
            ("sources", index, "base_url"),
            "is not https: a token would go in the clear",
        )
    hosts = table.get("download_hosts")
    for host in hosts if is_api and isinstance(hosts, list) else ():
        if _is_in_the_clear(host):
            yield (
                ("sources", index, "download_hosts"),
                f"names '{host}', which is not https: what people wrote would"
                " go in the clear",
            )


def _mistakes_of_zone(index: int, table: dict[str, Any]) -> _Mistakes:
    """Whose clock the times of files are, where these don't say it."""
    form = table.get("format")
    if form in ZONELESS_FORMATS and "time_zone" not in table:
        yield (
            ("sources", index),
            f"needs time_zone, as Asia/Shanghai: times of {form} name none; compare a"
            " post's",
        )
    if form not in ZONELESS_FORMATS and "time_zone" in table:
        repair = (
            "write it below [sources.table]" if form == TABLE_FORMAT else "leave it out"
        )
        yield ("sources", index, "time_zone"), f"means nothing for {form}: {repair}"


def _mistakes_of_table(index: int, source: dict[str, Any]) -> _Mistakes:
    """What the columns of a table of one's own are said to be."""
    table = source.get("table")
    is_table = source.get("format") == TABLE_FORMAT
    if table is None and is_table:
        yield (
            ("sources", index, "format"),
            f'"{TABLE_FORMAT}" needs a section [sources.table], which says what the'
            " columns are: `python -m flows map FILE` writes one",
        )
    if not isinstance(table, dict):
        return
    path = ("sources", index, "table")
    if not is_table:
        yield path, f'means nothing for this format: write format = "{TABLE_FORMAT}"'
    zone = table.get("time_zone")
    if isinstance(zone, str):
        if zone not in _time_zones():
            near = difflib.get_close_matches(zone, _time_zones(), n=1)
            hint = near[0] if near else "Asia/Shanghai"
            yield (
                (*path, "time_zone"),
                f"'{zone}' is no time zone: did you mean '{hint}'?",
            )
        elif not is_of_whole_hours(zone):
            yield (
                (*path, "time_zone"),
                f"'{zone}' is not whole hours away from UTC, which is not read: export"
                " the times with their zone, or in UTC",
            )
    time_format = table.get("time_format")
    if isinstance(time_format, str) and "%" not in time_format:
        yield (
            (*path, "time_format"),
            f"'{time_format}' names no part of a time: write it as '%d/%m/%Y %H:%M'",
        )
    rows = table.get("rows")
    if rows not in COLUMNS:
        return
    told: set[str] = set()
    for key in ("columns", "constants"):
        named = table.get(key)
        for name in named if isinstance(named, dict) else ():
            told.add(name)
            if name not in COLUMNS[rows]:
                yield (*path, key, name), _no_such_column(name, rows)
    for name in lacking_of(rows, told):
        yield (
            (*path, "columns"),
            f"lacks '{name}', without which rows of {rows} say nothing: name its"
            " column, or write it below [sources.table.constants]",
        )


def _no_such_column(name: str, rows: str) -> str:
    """Why rows can't have a column, with the nearest one that they can."""
    elsewhere = [other for other, names in COLUMNS.items() if name in names]
    if elsewhere:
        return f"is no column of {rows}: rows of {' or '.join(elsewhere)} have it"
    near = difflib.get_close_matches(name, COLUMNS[rows], n=1, cutoff=0.0)
    return f"is no column of {rows}: did you mean '{near[0]}'?"


def _mistakes_of_path(index: int, table: dict[str, Any], root: Path) -> _Mistakes:
    """Files that aren't there; where some have landed, they may be gone."""
    path = table.get("path")
    if not isinstance(path, str) or not path or table.get("kind") != "files":
        return
    has_landed = (root / "landing").is_dir()
    is_glob = any(mark in path for mark in "*?[")
    if not is_glob and not (root / path).exists() and not has_landed:
        yield (
            ("sources", index, "path"),
            f"'{path}' does not exist: correct it, or put the export there",
        )


def _mistakes_of_partners(
    index: int, campaign: dict[str, Any], data: dict[str, Any]
) -> _Mistakes:
    """Mistakes between the keys of a campaign's partners."""
    own = {
        (account.get("platform"), account.get("account_id"))
        for _, brand in _tables(data, "brands")
        if brand.get("id") == campaign.get("brand")
        for _, account in _tables(brand, "accounts")
    }
    ids: set[object] = set()
    accounts: set[object] = set()
    posts: dict[object, int] = {}
    for place, partner in _tables(campaign, "partners"):
        path = ("campaigns", index, "partners", place)
        name = partner.get("id")
        if isinstance(name, str) and name in ids:
            yield (*path, "id"), f"'{name}' stands twice: make it unique"
        ids.add(str(name))
        others = [
            ("other_accounts", one) for _, one in _tables(partner, "other_accounts")
        ]
        for where, account in [("account", partner.get("account")), *others]:
            if not isinstance(account, dict):
                continue
            key = (account.get("platform"), account.get("account_id"))
            if key in own:
                yield (
                    (*path, where),
                    "is an account of the campaign's brand: its posts are its own, not"
                    " paid ones",
                )
            if key in accounts and None not in key:
                yield (
                    (*path, where),
                    "is another partner's of this campaign, too, or stands twice: make"
                    " them one partner, with each account once",
                )
            accounts.add(key)
        promised = partner.get("promised")
        if isinstance(promised, dict) and not promised:
            yield (*path, "promised"), "is empty: write engagements or reach into it"
        start, end = partner.get("start"), partner.get("end")
        if (start is None) != (end is None):
            missing = "start" if start is None else "end"
            yield path, f"needs both start and end, or neither: {missing} is missing"
        if type(start) is date and type(end) is date and start > end:
            yield (*path, "end"), f"{end} lies before start {start}: swap them"
        listed = "post_ids" if partner.get("post_ids") else "addresses"
        if partner.get(listed) and not (start is None and end is None):
            yield (
                (*path, "start"),
                f"stands beside {listed}: list the paid posts, or give their days",
            )
        for post in _posts_of(partner):
            if posts.setdefault(post, place) != place:
                yield (
                    (*path, listed),
                    f"names post {post[1]}, which is another partner's of this"
                    " campaign, too: leave it with one of them",
                )


def _mistakes_of_links(index: int, campaign: dict[str, Any]) -> _Mistakes:
    """Mistakes between the keys of a campaign's tracked links."""
    partners = [str(one.get("id")) for _, one in _tables(campaign, "partners")]
    # An order names a link by its id or its code, in any letters.
    names: dict[str, int] = {}
    urls: set[object] = set()
    for place, link in _tables(campaign, "tracked_links"):
        path = ("campaigns", index, "tracked_links", place)
        for key in ("id", "code"):
            name = link.get(key)
            if not isinstance(name, str):
                continue
            if names.setdefault(name.strip().casefold(), place) != place:
                yield (
                    (*path, key),
                    f"'{name}' names another link of this campaign, too: make it"
                    " unique",
                )
        url = link.get("url")
        if isinstance(url, str) and url in urls:
            yield (
                (*path, "url"),
                "is another link's of this campaign, too: tell them apart, by utm_"
                "content for example",
            )
        urls.add(str(url))
        partner = link.get("partner")
        if isinstance(partner, str) and partner not in partners:
            near = difflib.get_close_matches(partner, partners, n=1, cutoff=0.0)
            hint = f": did you mean '{near[0]}'?" if near else ": add that partner"
            yield (*path, "partner"), f"'{partner}' is no partner of the campaign{hint}"
        if "post" in link and "address" in link:
            yield (
                (*path, "address"),
                "stands beside post: name the post by its id or by its address",
            )


def _posts_of(partner: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Platform and id of the posts that a partner lists, as far as they can be read."""
    for _, post in _tables(partner, "post_ids"):
        yield str(post.get("platform")), str(post.get("post_id"))
    addresses = partner.get("addresses")
    for address in addresses if isinstance(addresses, list) else ():
        try:
            shown = post_at(str(address))
        except ValueError:
            continue
        yield shown.platform, shown.post_id


def _parts_that_are_not_there(
    platform: str, form: str, table: dict[str, Any]
) -> Iterator[str]:
    """What is wrong with the parts that an API is asked for."""
    asked = table.get("collect")
    api = APIS[form].api
    given = api.parts if api is not None else frozenset()
    whose = platform if form == APIS_OF[platform][0] else form
    for part in asked if isinstance(asked, list) else ():
        if part in get_args(CollectPart) and part not in given:
            kept = ", ".join(
                f"'{name}'" for name in get_args(CollectPart) if name in given
            )
            yield f"asks for '{part}', which {whose} can't give: it gives {kept}"
        sold = api is not None and part in api.commercial_parts
        if sold and not table.get("commercial"):
            yield f"asks for '{part}', which needs commercial = true"


# Blanks, marks of hashtags and calls, and what stands for a gap.
_NO_NAME = re.compile(r"[\s#＃@＠_·•‧∙⋅・‐‑-]+")


def _is_in_the_clear(address: object) -> bool:
    """Whether it is an http address that is not this machine's."""
    if not isinstance(address, str) or not address.startswith("http://"):
        return False
    return not _is_this_machine(address)


def _is_this_machine(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?")
_KEY = re.compile(r'^\s*("?)([\w-]+)\1\s*=')


def _locate_keys(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Yield the line of each table and key, so that errors can point there."""
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            # A list of tables within one belongs to the last entry of that.
            table = ()
            *around, name = header[2].split(".")
            for part in around:
                table = (*table, part)
                if table in counts:
                    table = (*table, counts[table])
            table = (*table, name)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            elif table in counts:
                table = (*table, counts[table])
            yield table, number
            continue
        key = _KEY.match(line)
        if key:
            yield (*table, key[2]), number
