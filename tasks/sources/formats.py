"""Every file format that a source can have, and the raw tables of their records."""

from __future__ import annotations

from tasks.sources import canonical, facebook, weibo, wordpress, x
from tasks.sources.file_format import FileFormat
from tasks.warehouse.raw_tables import RawTable

_MODULES = (canonical, facebook, weibo, wordpress, x)

FORMATS: dict[str, FileFormat] = {
    form.name: form for module in _MODULES for form in module.FORMATS
}
RAW_TABLES: dict[str, RawTable] = {
    name: table for module in _MODULES for name, table in module.RAW_TABLES.items()
}
