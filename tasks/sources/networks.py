"""The registry: which networks there are, and which folder's code reads them.

What everybody may know of a network, down to the SQL models, is its `network.toml`
(`tasks.warehouse.networks`); here its code is named: how records are told apart and
typed. How its API is asked stands in its `api.py`, which is found by its place. This
file and the networks' own folders are the only ones that know a network by name
(`tests/sources/test_networks.py`).
"""

from __future__ import annotations

from tasks.sources.bluesky import records as bluesky
from tasks.sources.canonical import records as canonical
from tasks.sources.facebook import records as facebook
from tasks.sources.file_format import FileFormat
from tasks.sources.instagram import records as instagram
from tasks.sources.mastodon import records as mastodon
from tasks.sources.mediacrawler import records as mediacrawler
from tasks.sources.qzone import records as qzone
from tasks.sources.renren import records as renren
from tasks.sources.tencent_weibo import records as tencent_weibo
from tasks.sources.threads import records as threads
from tasks.sources.weibo import records as weibo
from tasks.sources.weibo.dataabc import records as dataabc
from tasks.sources.weibo_assistant import records as weibo_assistant
from tasks.sources.wordpress import records as wordpress
from tasks.sources.x import records as x
from tasks.sources.youtube import records as youtube
from tasks.warehouse.raw_tables import RawTable

# Imported by name, so that the digest of what makes tables holds them.
_RECORDS = (
    bluesky,
    canonical,
    facebook,
    instagram,
    mastodon,
    mediacrawler,
    qzone,
    renren,
    tencent_weibo,
    threads,
    weibo,
    dataabc,
    weibo_assistant,
    wordpress,
    x,
    youtube,
)

FORMATS: dict[str, FileFormat] = {
    form.name: form for module in _RECORDS for form in module.FORMATS
}
RAW_TABLES: dict[str, RawTable] = {
    name: table for module in _RECORDS for name, table in module.RAW_TABLES.items()
}
