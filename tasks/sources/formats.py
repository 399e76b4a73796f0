"""Every file format that a source can have, and the raw tables of their records."""

from __future__ import annotations

from pathlib import Path

from tasks.sources.canonical import records as canonical
from tasks.sources.facebook import records as facebook
from tasks.sources.file_format import FileFormat, data_stem, data_suffix
from tasks.sources.qzone import records as qzone
from tasks.sources.renren import records as renren
from tasks.sources.tencent_weibo import records as tencent_weibo
from tasks.sources.weibo import records as weibo
from tasks.sources.weibo.dataabc import records as dataabc
from tasks.sources.wordpress import records as wordpress
from tasks.sources.x import records as x
from tasks.warehouse.raw_tables import RawTable

_MODULES = (
    canonical,
    facebook,
    qzone,
    renren,
    tencent_weibo,
    weibo,
    dataabc,
    wordpress,
    x,
)

FORMATS: dict[str, FileFormat] = {
    form.name: form for module in _MODULES for form in module.FORMATS
}
RAW_TABLES: dict[str, RawTable] = {
    name: table for module in _MODULES for name, table in module.RAW_TABLES.items()
}


def guess_format(path: Path) -> str:
    """The format of an export, told from the names of its files.

    Formats whose files have names of their own come first; JSON under any other
    name is taken for answers of Weibo's open API, the most general.
    """
    files = [path]
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    for form in FORMATS.values():
        if form.file_kinds and any(
            data_stem(file) in form.file_kinds and data_suffix(file) in form.suffixes
            for file in files
        ):
            return form.name
    return weibo.WEIBO_API.name
