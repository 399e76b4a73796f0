"""How a network's API is set up for the crawl: what its `api.py` gives as `API`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from tasks.sources.crawl.crawler import Platform
from tasks.sources.crawl.http_client import Clock
from tasks.warehouse.configuration import Source
from tasks.warehouse.networks import APIS


@dataclass(frozen=True)
class NetworkApi:
    """A network's API.

    Attributes:
        make: source and clock to the platform as the crawl sees it.
        base_url: where it stands; None where the source must say.
        other_hosts: of the same platform.
        secrets: environment variables that must be there.
        rows_a_call: of a list's page, at most.
        max_in_flight: calls at once, where the source says nothing; as many as the
            budget needs, but no more.
    """

    make: Callable[[Source, Clock], Platform]
    base_url: str | None
    other_hosts: tuple[str, ...] = ()
    secrets: Callable[[Source], tuple[str, ...]] = lambda source: ()
    rows_a_call: int = 100
    max_in_flight: int = 32


def api_of(form: str) -> NetworkApi | None:
    """How an API is asked, by the format of its answers; None where none has it.

    Found by its place, `<folder>/api.py`, when it is asked: a crawl's code makes no
    table, and a run over files need not load it.
    """
    facts = APIS.get(form)
    if facts is None:
        return None
    api = importlib.import_module(f"tasks.sources.{facts.name}.api").API
    assert isinstance(api, NetworkApi)
    return api
