"""What everybody may know of a network: plain data, `network.toml` of its folder.

The code of a network stands in the same folder and is named by the registry
(`tasks.sources.networks`). What lies below that, and the SQL models, ask here and
need no name of a network.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tasks.warehouse.code_digest import FOLDER

NETWORK_FILES = tuple(sorted((FOLDER / "tasks" / "sources").glob("*/network.toml")))

# What is so on some networks: SQL functions of these names tell it of a platform.
TRAITS = {
    "accounts_are_names": "an account's id is the name that it is called by",
    "accounts_are_of_a_site": "ids are numbers within a site: <site>:<number>",
    "chains_have_bars": "a chain of reposts is parted by || in place of //",
    "display_names_are_called": "@ and the displayed name call an account, too",
    "hashtags_end_with_the_word": "a hashtag has one mark, before it",
    "levels_take_time": "an account's level grows with days of use",
    "mentions_are_comments": "who mentions a post stands among its comments",
    "names_are_latin": "names that are called are of Latin letters",
    "posts_begin_with_their_author": "a post's id begins with its author's and _",
}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApiFacts(_Table):
    """What configuration may ask of a network's API.

    Attributes:
        format: in which its answers are landed.
        parts: what it gives one by one or as counters.
        commercial_parts: of these what stands in a commercial contract only.
        needs_address: the source must say where it is.
    """

    format: str
    parts: frozenset[str]
    commercial_parts: frozenset[str] = frozenset()
    needs_address: bool = False


class PersonKeys(_Table):
    """Under which keys records name persons: what an erasure looks at.

    Attributes:
        authors: who acted, or who follows whom, by id.
        author_names: who acted, by name, where a record gives no id.
        profiles: names that a profile has; other records name their author otherwise.
        names: any names of persons, those of profiles besides.
        own_ids: a profile's own id, where the record shows that it is one.
        holders: whose a record is, as an object.
        quoted: whom a record of somebody else answers or reposts, by name.
        called: whom it calls, by bare names: a list, or one in a text.
        about: of whom a file or a request tells all records.
        topics: keys of records that look like profiles and are none.
        answers: lists of what others answered.
        record_ids: ids of records: what stays of one inside another.
    """

    authors: frozenset[str] = frozenset()
    author_names: frozenset[str] = frozenset()
    profiles: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    own_ids: frozenset[str] = frozenset()
    holders: frozenset[str] = frozenset()
    quoted: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    about: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    answers: frozenset[str] = frozenset()
    record_ids: frozenset[str] = frozenset()

    def __or__(self, other: PersonKeys) -> PersonKeys:
        return PersonKeys(
            **{
                name: getattr(self, name) | getattr(other, name)
                for name in PersonKeys.model_fields
            }
        )


class Facts(_Table):
    """A network, or a form of records that any network's can have.

    Attributes:
        name: as in workspace.toml; the folder's.
        title: as people call it; empty where it is no network.
        network: whose other API this is, where it is no network of its own.
        other_names: what people and their exports call it besides.
        formats: of its files, as in workspace.toml.
        zoneless_formats: those of them whose times name no time zone, and are of no
            fixed one: the workspace says it.
        is_default: of it are accounts and exports that name no network.
        profile_address: where it shows an account: what stands before the id.
        post_address: the like for a post.
        own_columns: of tables that its own pages give to download: who has them all is
            of this network. In small letters, bare of marks.
        profile_patterns: addresses of accounts as people write them: the one group is
            the id or the name, whichever it shows.
        post_patterns: addresses that show a post: `id`, or its short form, `base62`.
        organisations: kinds of verification that organisations get, not people.
        traits: keys of `TRAITS`.
        functions: SQL functions that its staging models call.
        api: None where none can be read.
        persons: how its records name persons.
        id_pairs: pairs of keys that, in one object, tell two ids of the same account.
    """

    name: str
    title: str = ""
    network: str = ""
    other_names: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    zoneless_formats: tuple[str, ...] = ()
    is_default: bool = False
    profile_address: str | None = None
    post_address: str | None = None
    own_columns: tuple[str, ...] = ()
    profile_patterns: tuple[str, ...] = ()
    post_patterns: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    traits: frozenset[str] = frozenset()
    functions: Mapping[str, str] = {}
    api: ApiFacts | None = None
    persons: PersonKeys = PersonKeys()
    id_pairs: tuple[tuple[str, str], ...] = ()


def read_facts(file: Path) -> Facts:
    """One `network.toml`.

    Raises:
        ValueError: it has a key, a value or a trait that nobody knows.
    """
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    facts = Facts(name=file.parent.name, **told)
    if unknown := facts.traits - TRAITS.keys():
        raise ValueError(f"{file}: traits that nobody knows: {sorted(unknown)}")
    return facts


FACTS: dict[str, Facts] = {
    facts.name: facts for facts in map(read_facts, NETWORK_FILES)
}
NETWORKS = {name: facts for name, facts in FACTS.items() if facts.title}
PLATFORMS = tuple(NETWORKS)
FORMATS = tuple(form for facts in FACTS.values() for form in facts.formats)
ZONELESS_FORMATS = frozenset(
    form for facts in FACTS.values() for form in facts.zoneless_formats
)
# Of files whose columns the workspace explains.
TABLE_FORMAT = "table"
DEFAULT_PLATFORM = next(name for name, facts in NETWORKS.items() if facts.is_default)
# Whose records files of a format hold, where that is one network.
PLATFORM_OF_FORMAT = {
    form: facts.network or name
    for name, facts in FACTS.items()
    if facts.network or facts.title
    for form in facts.formats
}
# Of each API the format of its answers, by which a source names it, and its folder.
APIS = {facts.api.format: facts for facts in FACTS.values() if facts.api is not None}
# The API that is read where a source names none, and what it gives.
API_FORMATS = {
    name: facts.api.format for name, facts in NETWORKS.items() if facts.api is not None
}
API_PARTS = {
    name: facts.api.parts for name, facts in NETWORKS.items() if facts.api is not None
}
# All that can be read of a network, that one first.
APIS_OF = {
    name: (
        usual,
        *(form for form, facts in APIS.items() if facts.network == name),
    )
    for name, usual in API_FORMATS.items()
}
PROFILE_ADDRESSES = {
    name: facts.profile_address
    for name, facts in NETWORKS.items()
    if facts.profile_address is not None
}
# Any name of a network, in small letters -> its own.
NAMED_SO = {
    spelled.lower(): name
    for name, facts in NETWORKS.items()
    for spelled in (name, facts.title, *facts.other_names)
}
# Kinds of verification of organisations: <network>:<kind>.
ORGANISATIONS = tuple(
    f"{name}:{kind}" for name, facts in NETWORKS.items() for kind in facts.organisations
)
POST_ADDRESSES = {
    name: facts.post_address
    for name, facts in NETWORKS.items()
    if facts.post_address is not None
}


def spelled_out(files: Iterable[Path] = NETWORK_FILES) -> str:
    """All that the files say, as one text that no comment changes."""
    told = {
        file.parent.name: tomllib.loads(file.read_text(encoding="utf-8"))
        for file in files
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


@cache
def platforms_with(trait: str) -> tuple[str, ...]:
    """Networks of which something is so: a key of `TRAITS`."""
    assert trait in TRAITS, trait
    return tuple(name for name, facts in NETWORKS.items() if trait in facts.traits)


def person_keys() -> PersonKeys:
    """The keys of all networks: a record's own may stand in another's form."""
    keys = PersonKeys()
    for facts in FACTS.values():
        keys |= facts.persons
    return keys


def trait_functions() -> dict[str, str]:
    """A SQL function for each trait, by signature: whether it is so on a platform."""
    return {
        f"{trait}(platform)": "platform in ("
        + (", ".join(f"'{name}'" for name in platforms_with(trait)) or "null")
        + ")"
        for trait in TRAITS
    }


def profile_function() -> dict[str, str]:
    """A SQL function: the accounts whose addresses stand in a text, each once.

    Gives texts such as `weibo:1000000001`, in small letters.
    """
    found = (
        "list_transform(regexp_extract_all(x, '(?i)"
        + pattern.replace("'", "''")
        + f"', 1), lambda name: '{name}:' || lower(name))"
        for name, facts in NETWORKS.items()
        for pattern in facts.profile_patterns
    )
    listed = ", ".join(found) or "cast([] as varchar[])"
    return {"profiles_named(x)": f"list_sort(list_distinct(flatten([{listed}])))"}


def own_functions() -> dict[str, str]:
    """SQL functions that one network's models call, by signature."""
    return {
        signature: body
        for facts in FACTS.values()
        for signature, body in facts.functions.items()
    }
