"""What each published column means, from the headers of the marts.

A column stands in several marts under one name when it is the same quantity. Its
definition is the comment of the mart where it is at home: the first of `HOMES` that
has it. Sources and caveats stand in a header's `metrics` section, once for a metric;
its genuine form, bounds and changes take them over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from tasks.warehouse.models import Column, Model, Origin

HOMES = (
    "campaigns",
    "campaign_daily",
    "campaign_posts",
    "cascades",
    "accounts",
    "account_groups",
    "brands",
    "share_of_voice",
    "feedback_daily",
    "contacts",
)
_OWN = "this project"
_GENUINE = "as good as the phantom score"
# Forms of a metric, outermost first.
_FORMS = (r"^genuine_", r"^expected_", r"_low$|_high$", r"_change$")


def metric_headers(marts: Mapping[str, Model]) -> pl.DataFrame:
    """A row per column of the marts.

    Args:
        marts: models by qualified name.

    Returns:
        metric, time_axis, formula, unit, source, caveat, marts (a list); by metric.

    Raises:
        ValueError: a column without a unit or a comment; a metric that is defined
            twice or that no mart has.
    """
    order = {f"marts.{name}": place for place, name in enumerate(HOMES)}
    homes = sorted(marts, key=lambda name: (order.get(name, len(order)), name))
    places: dict[str, list[str]] = {}
    rows: dict[str, dict[str, object]] = {}
    origins: dict[str, Origin] = {}
    for name in homes:
        for origin in marts[name].origins:
            if origin.metric in origins:
                raise ValueError(f"{origin.metric} is defined twice")
            origins[origin.metric] = origin
        for column in marts[name].columns:
            places.setdefault(column.name, []).append(marts[name].table)
            if not column.unit or not column.comment:
                raise ValueError(f"{name}.{column.name} has no unit or no comment")
            if column.name not in rows:
                rows[column.name] = {
                    "metric": column.name,
                    "time_axis": _axis(column.unit, column.time_axis),
                    "formula": _on_its_own(column, marts[name]),
                    "unit": column.unit,
                }
    unknown = sorted(origins.keys() - rows.keys())
    if unknown:
        raise ValueError(f"no mart has {', '.join(unknown)}")
    for metric, row in rows.items():
        row |= _origin_of(metric, origins)
        row["marts"] = sorted(places[metric])
    return pl.DataFrame(
        sorted(rows.values(), key=lambda row: str(row["metric"])),
        schema={
            "metric": pl.String,
            "time_axis": pl.String,
            "formula": pl.String,
            "unit": pl.String,
            "source": pl.String,
            "caveat": pl.String,
            "marts": pl.List(pl.String),
        },
    )


def _on_its_own(column: Column, mart: Model) -> str:
    """A comment as it reads without the line above it: "the same" has a name."""
    if not column.comment.startswith("the same ") or column.comment.startswith(
        "the same as engagement"
    ):
        return column.comment
    names = [other.name for other in mart.columns]
    base = re.sub(r"^genuine_|_text$", "", column.name)
    if base == column.name or base not in names:
        base = names[names.index(column.name) - 1]
    return f"{base}{column.comment.removeprefix('the same')}"


def _axis(unit: str, time_axis: str | None) -> str:
    """Names, days and yes or no stand on no time axis."""
    is_plain = unit in {"id", "text", "list", "day", "yes or no", "time in UTC"}
    return "none" if is_plain else time_axis or "none"


def _origin_of(metric: str, origins: Mapping[str, Origin]) -> dict[str, str]:
    """Source and caveat of a metric, else those of what it is a form of."""
    base = metric
    for form in ("", *_FORMS):
        base = re.sub(form, "", base) if form else base
        if base in origins:
            caveats = [origins[base].caveat]
            if metric.startswith("genuine_") and base != metric:
                caveats.append(_GENUINE)
            return {
                "source": origins[base].source,
                "caveat": "; ".join(caveat for caveat in caveats if caveat),
            }
    return {
        "source": _OWN,
        "caveat": _GENUINE if metric.startswith("genuine_") else "",
    }
