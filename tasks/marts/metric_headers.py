"""What each published column means, in each mart, from the headers of the marts.

The header of a mart is the definition of its columns: one name may stand for
different quantities in two marts (the mentions of a campaign, of a brand, of an
account), and each says which. Where two marts say the same words of one name with one
unit, it is the same quantity: sources and caveats, which stand in a header's `metrics`
section, are then told once and hold in both. A metric's genuine form, its bounds and
its changes take over source and caveat of what they are a form of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from tasks.warehouse.models import Column, Model, Origin

_OWN = "this project"
_GENUINE = "as good as the phantom score"
# Forms of a metric and what remains without them, outermost first. What a platform
# counts itself is no form of what was collected.
_FORMS = (
    (r"_low$|_high$", ""),
    (r"^estimated_", ""),
    (r"^expected_", ""),
    (r"^genuine_", ""),
    (r"_per_(estimated_genuine|genuine)_", "_per_"),
    (r"_change$", ""),
)
# Units of what is told, not counted.
_PLAIN = frozenset({"id", "text", "list", "day", "month", "yes or no", "time in UTC"})
_DIMENSIONS = _PLAIN | {"calendar number", "hour, 0 to 23", "place, 1 the first"}

# Where a key of a row leads to, whatever table it stands in.
_REFERENCES = {
    "brand_id": "brands.brand_id",
    "campaign_id": "campaigns.campaign_id",
    "partner_id": "partner_results.partner_id",
    "account_key": "accounts.account_key",
    "group_key": "account_groups.group_key",
    "operator_key": "account_groups.group_key",
    "coordinated_group_key": "account_groups.group_key",
    "post_key": "campaign_posts.post_key",
    "link_id": "campaign_links.link_id",
    "main_reason_class": "reason_classes.reason_class",
    "activity_day": "days.calendar_day",
    "audience_day": "days.calendar_day",
}
# Events: each happened once, so that a sum over parts that don't overlap is right.
_EVENTS = frozenset(
    {
        *("interactions", "reposts", "comments", "likes", "mentions", "reads"),
        *("posts", "rows", "follower contacts"),
    }
)
# Bounds, estimates and ratios of events are none.
_NO_EVENTS = re.compile(
    r"^max_|_counted_posts$|_(low|high|change)$|^(estimated|expected)_|_per_|_share$"
)

_SCHEMA = {
    "mart": pl.String,
    "column_name": pl.String,
    "role": pl.String,
    "key": pl.String,
    "references_text": pl.String,
    "additivity": pl.String,
    "time_axis": pl.String,
    "formula": pl.String,
    "unit": pl.String,
    "source": pl.String,
    "caveat": pl.String,
    "same_in_text": pl.String,
    "differs_in_text": pl.String,
}
# Name, unit, words: what makes two columns of two marts the same quantity.
_Quantity = tuple[str, str, str]


def metric_headers(marts: Mapping[str, Model]) -> pl.DataFrame:
    """A row per mart and column.

    Args:
        marts: models by qualified name.

    Returns:
        mart, column_name, role (key, dimension, measure or older name), key (primary,
        foreign or both; empty where it is none), references_text (the column that a
        foreign key leads to), additivity (columns of the grain over which a measure
        may be added up, or none; empty of what is no measure), time_axis, formula,
        unit, source, caveat, same_in_text and differs_in_text (other marts that have
        a column of this name, for the same quantity or for another one); by mart, in
        the order of its columns.

    Raises:
        ValueError: a column without a unit or a comment; a source of a column that
            the mart does not have, or that another mart gives, too.
    """
    quantities = {
        (model.table, column.name): _quantity(column, model)
        for _, model in sorted(marts.items())
        for column in model.columns
    }
    origins = _origins(marts, quantities)
    named: dict[str, list[tuple[str, _Quantity]]] = {}
    for (mart, other), quantity in quantities.items():
        named.setdefault(other, []).append((mart, quantity))
    rows = []
    for _, model in sorted(marts.items()):
        for column in model.columns:
            name, unit, formula = quantities[model.table, column.name]
            others = {
                mart: quantity == (name, unit, formula)
                for mart, quantity in named[name]
                if mart != model.table
            }
            same = [mart for mart, is_same in others.items() if is_same]
            rows.append(
                {
                    "mart": model.table,
                    "column_name": name,
                    "role": _role(column, model),
                    **_keys(column, model, marts),
                    "additivity": _additivity(column, model),
                    "time_axis": "none"
                    if unit in _PLAIN
                    else column.time_axis or "none",
                    "formula": formula,
                    "unit": unit,
                    **_origin_of(model.table, name, same, quantities, origins),
                    "same_in_text": ", ".join(same),
                    "differs_in_text": ", ".join(
                        mart for mart, is_same in others.items() if not is_same
                    ),
                }
            )
    return pl.DataFrame(rows, schema=_SCHEMA)


def _quantity(column: Column, mart: Model) -> _Quantity:
    if not column.unit or not column.comment:
        raise ValueError(f"{mart.name}.{column.name} has no unit or no comment")
    return column.name, column.unit, _on_its_own(column, mart)


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


def _role(column: Column, mart: Model) -> str:
    """A key tells which row it is, a dimension groups rows, a measure counts."""
    if column.is_older_name:
        return "older name"
    if column.name in mart.grain:
        return "key"
    return "dimension" if column.unit in _DIMENSIONS else "measure"


def foreign_keys(model: Model, marts: Mapping[str, Model]) -> dict[str, str]:
    """Columns of a mart that lead to a row of another one, and to which column."""
    found = {}
    for column in model.columns:
        target = _REFERENCES.get(column.name, "")
        home = target.partition(".")[0]
        if target and home != model.table and f"marts.{home}" in marts:
            found[column.name] = target
    return found


def _keys(column: Column, mart: Model, marts: Mapping[str, Model]) -> dict[str, str]:
    leads_to = foreign_keys(mart, marts).get(column.name, "")
    kinds = ["primary"] * (column.name in mart.grain) + ["foreign"] * bool(leads_to)
    return {"key": ", ".join(kinds), "references_text": leads_to}


def adds_over(column: Column, mart: Model) -> tuple[str, ...]:
    """Over which columns of the grain a measure may be added up; empty: over none.

    People, rates, bounds and estimates of a whole add up over nothing.
    """
    if _role(column, mart) != "measure" or _NO_EVENTS.search(column.name):
        return ()
    is_event = column.unit in _EVENTS | mart.adds_units
    return mart.adds_over if is_event else ()


def _additivity(column: Column, mart: Model) -> str:
    if _role(column, mart) != "measure":
        return ""
    return ", ".join(adds_over(column, mart)) or "none"


def _origins(
    marts: Mapping[str, Model], quantities: Mapping[tuple[str, str], _Quantity]
) -> dict[_Quantity, Origin]:
    """Sources and caveats by what they are of."""
    origins: dict[_Quantity, Origin] = {}
    for _, model in sorted(marts.items()):
        for origin in model.origins:
            quantity = quantities.get((model.table, origin.metric))
            if quantity is None:
                raise ValueError(f"{model.name} has no column {origin.metric}")
            if quantity in origins:
                raise ValueError(f"{origin.metric} is defined twice, in {model.name}")
            origins[quantity] = origin
    return origins


def _origin_of(
    mart: str,
    name: str,
    same: Sequence[str],
    quantities: Mapping[tuple[str, str], _Quantity],
    origins: Mapping[_Quantity, Origin],
) -> dict[str, str]:
    """Source and caveat of a column, else those of what it is a form of.

    The mart's own words first, then those of marts that have the `same` quantity.
    """
    is_genuine = "genuine_" in name
    for home in (mart, *same):
        for form in _forms_of(name):
            quantity = quantities.get((home, form))
            origin = origins.get(quantity) if quantity else None
            if origin is not None:
                caveats = [origin.caveat]
                if is_genuine and _GENUINE not in origin.caveat:
                    caveats.append(_GENUINE)
                return {
                    "source": origin.source,
                    "caveat": "; ".join(caveat for caveat in caveats if caveat),
                }
    return {"source": _OWN, "caveat": _GENUINE if is_genuine else ""}


def _forms_of(name: str) -> Iterator[str]:
    """A column's name, then the names of what it is a form of, one step at a time."""
    yield name
    for form, rest in _FORMS:
        base = re.sub(form, rest, name)
        if base != name:
            name = base
            yield name
