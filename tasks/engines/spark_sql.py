"""The models as Spark SQL: which SQL says the same on both engines, and how.

`sql/intermediate` and the canonical tables of `sql/staging` keep to a subset of
DuckDB's SQL: `outside` names what isn't in it, with what to write instead. sqlglot
writes it in Spark's words; where those would mean something else there, other words
are chosen here (`_TWINS`). Patterns and our own functions are DuckDB's on both: Spark's
workers hand them their rows (`spark_functions`), or they are plain SQL and are written
out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import sqlglot
from sqlglot import exp

from tasks.warehouse.database import FUNCTIONS
from tasks.warehouse.models import without_comments

# Nodes of patterns: the function that they are in DuckDB.
_PATTERNS: dict[type[exp.Expr], str] = {
    exp.RegexpLike: "regexp_matches",
    exp.RegexpReplace: "regexp_replace",
    exp.RegexpExtract: "regexp_extract",
    exp.RegexpExtractAll: "regexp_extract_all",
    exp.RegexpSplit: "string_split_regex",
}
# Before the names of patterns on Spark, whose own functions are Java's.
PATTERN = "re2_"
# What both engines were seen to work out alike, as it stands or by its twin below.
_SHARED: tuple[type[exp.Expr], ...] = (
    # selects and their parts
    exp.Alias, exp.Column, exp.CTE, exp.Distinct, exp.Explode, exp.From, exp.Group,
    exp.Having, exp.Identifier, exp.Join, exp.Order, exp.Ordered, exp.Select, exp.Star,
    exp.Subquery, exp.Table, exp.TableAlias, exp.Tuple, exp.Union, exp.Where, exp.With,
    # values, conditions, arithmetic
    exp.Abs, exp.Add, exp.And, exp.Between, exp.BitwiseLeftShift, exp.Boolean, exp.Case,
    exp.Cast, exp.Ceil, exp.Coalesce, exp.DataType, exp.DataTypeParam, exp.Div, exp.EQ,
    exp.Exp, exp.Floor, exp.GT, exp.GTE, exp.Greatest, exp.If, exp.In, exp.Is, exp.LT,
    exp.LTE, exp.Least, exp.Like, exp.Literal, exp.Ln, exp.Log, exp.Mod, exp.Mul,
    exp.NEQ, exp.Neg, exp.Not, exp.Null, exp.Nullif, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Or, exp.Paren, exp.Placeholder, exp.Pow, exp.Round, exp.Sqrt, exp.Sub,
    # texts and lists
    exp.Array, exp.ArrayConcat, exp.ArrayDistinct, exp.ArraySize, exp.ArraySort,
    exp.ArrayToString, exp.Chr, exp.ConcatWs, exp.Contains, exp.DPipe, exp.Encode,
    exp.Left, exp.Length, exp.Lower, exp.Replace, exp.SHA2, exp.Split, exp.SplitPart,
    exp.Substring, exp.Trim, exp.Unhex, *_PATTERNS,
    # times
    exp.AtTimeZone, exp.DateDiff, exp.Extract, exp.Interval, exp.TimestampTrunc,
    exp.TimeToUnix, exp.Var, exp.Year,
    # sums and windows
    exp.ArgMax, exp.ArgMin, exp.BitwiseOrAgg, exp.Count, exp.DenseRank, exp.Filter,
    exp.GroupConcat, exp.IgnoreNulls, exp.Lag, exp.LastValue, exp.Lead, exp.LogicalOr,
    exp.Max, exp.Min, exp.Rank, exp.RowNumber, exp.Sum, exp.Window, exp.WindowSpec,
)  # fmt: skip
# DuckDB's functions that sqlglot knows by their name alone.
_NAMED = frozenset({"bit_count"})
# What to write in place of what Spark lacks or means otherwise.
_INSTEAD: dict[type[exp.Expr], str] = {
    exp.ArrayAgg: "keep the rows and work on them: Spark loses the order of a list",
    exp.ArrayFilter: "a function of ours (FUNCTIONS), or unnest and where",
    exp.Bracket: "split_part, or a row each by unnest: past its end Spark stops",
    exp.First: "arg_min(value, order)",
    exp.IntDiv: "floor(a / b)",
    exp.Last: "arg_max(value, order)",
    exp.Median: "row_number() over an order, and the rows in the middle",
    exp.PercentileCont: "row_number() over an order, and the rows at that place",
    exp.PercentileDisc: "row_number() over an order, and the row at that place",
    exp.Qualify: "the window in a part of its own, and where on its outcome",
    exp.Quantile: "row_number() over an order, and the rows at that place",
    exp.RegexpFullMatch: "regexp_matches with ^ and $",
    exp.StrToTime: "time_of, or another function of ours",
    exp.TimeToStr: "parts of the time, or a function of ours: forms differ",
    exp.Transform: "a function of ours (FUNCTIONS), or unnest and a select",
    exp.TryCast: "a function of ours (FUNCTIONS): Spark reads other spellings",
}
_UNITS = {exp.DateDiff: {"DAY", "SECOND"}, exp.Extract: {"HOUR", "ISODOW", "MINUTE"}}
_WHOLE = (
    exp.DataType.Type.BIGINT,
    exp.DataType.Type.INT,
    exp.DataType.Type.INT128,
)
_LEN = re.compile(r"\blen\s*\(", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'")


# --- the subset --------------------------------------------------------------


def outside(sql: str) -> list[str]:
    """What a select has that the two engines don't share: `what: what to write`."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    found = {said for node in tree.walk() for said in _said_of(node)}
    if _LEN.search(_QUOTED.sub("''", without_comments(sql))):
        found.add("len: array_length of a list, length of a text")
    return sorted(found)


def _said_of(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Anonymous):
        if node.name.lower() not in {*_NAMED, *signatures()}:
            yield f"{node.name}: a function of ours (FUNCTIONS) that calls it"
    elif type(node) not in _SHARED:
        instead = _INSTEAD.get(type(node), "other words; nobody tried these on Spark")
        yield f"{node.key}: {instead}"
    for kind, look in _LOOKS.items():
        if isinstance(node, kind) and (said := look(node)):
            yield said


def _look_at_explode(node: exp.Expr) -> str | None:
    if isinstance(node.parent, exp.Alias | exp.Select):
        return None
    return "unnest within an expression: alone, and the expression in the select behind"


def _look_at_group(node: exp.Expr) -> str | None:
    return "group by all: the columns" if node.args.get("all") else None


def _look_at_tuple(node: exp.Expr) -> str | None:
    if isinstance(node.parent, exp.In):
        return None
    return "a row as a value: its columns, (a, b) in (select a, b ...)"


def _look_at_union(node: exp.Expr) -> str | None:
    return "by name: all columns in one order" if node.args.get("by_name") else None


def _look_at_join(node: exp.Expr) -> str | None:
    if node.args.get("method"):
        return (
            f"{node.args['method'].lower()} join: row_number() over the time, place 1"
        )
    return None


def _look_at_zone(node: exp.Expr) -> str | None:
    if isinstance(node.this, exp.AtTimeZone) or isinstance(node.parent, exp.AtTimeZone):
        return None
    return "at time zone alone: from a zone to a zone, two of them"


def _look_at_unit(node: exp.Expr) -> str | None:
    kind = exp.DateDiff if isinstance(node, exp.DateDiff) else exp.Extract
    unit = node.args["unit"].name if kind is exp.DateDiff else node.name
    if unit.upper() in _UNITS[kind]:
        return None
    return (
        f"{kind.key} of a {unit.lower()}: {' or '.join(sorted(_UNITS[kind]))}".lower()
    )


def _look_at_log(node: exp.Expr) -> str | None:
    return None if node.expression else "log without its base: ln, or log(10, x)"


def _look_at_cast(node: exp.Expr) -> str | None:
    if node.args["to"].this not in _WHOLE or not _has_parts(node.this):
        return None
    return "a quotient cast to a whole number: floor, ceil or round first"


def _has_parts(node: exp.Expr) -> bool:
    if isinstance(node, exp.Floor | exp.Ceil | exp.Round):
        return False
    return isinstance(node, exp.Div) or any(
        _has_parts(child) for child in node.iter_expressions()
    )


def _look_at_sum(node: exp.Expr) -> str | None:
    if not node.find(exp.Mul) or node.find(exp.Cast):
        return None
    return "a sum of products: cast(a as hugeint) * b, Spark's sums are of 64 bits"


def _look_at_pattern(node: exp.Expr) -> str | None:
    if node.args.get("flag") or (
        isinstance(node, exp.RegexpReplace)
        and getattr(node.args.get("modifiers"), "name", None) != "g"
    ):
        return "options of a pattern: (?i) in it; regexp_replace with 'g'"
    if any(node.expression.find_all(exp.Column)):
        return "a pattern in a column: one that is written out, or a parameter"
    return None


_LOOKS: dict[type[exp.Expr], Callable[..., str | None]] = {
    exp.Explode: _look_at_explode,
    exp.Group: _look_at_group,
    exp.Tuple: _look_at_tuple,
    exp.Union: _look_at_union,
    exp.Join: _look_at_join,
    exp.AtTimeZone: _look_at_zone,
    exp.DateDiff: _look_at_unit,
    exp.Extract: _look_at_unit,
    exp.Log: _look_at_log,
    exp.Cast: _look_at_cast,
    exp.Sum: _look_at_sum,
    **dict.fromkeys(_PATTERNS, _look_at_pattern),
}


# --- in Spark's words --------------------------------------------------------


@cache
def to_spark(sql: str) -> str:
    """A model's select in Spark's words.

    Parameters become `:name`, a table `layer.name` the view `layer__name`: a view of
    Spark that calls functions is of no schema.
    """
    return _twin(sqlglot.parse_one(sql, read="duckdb")).sql("spark")


@cache
def tables_read(sql: str) -> tuple[str, ...]:
    """Tables of a select that are none of its own parts, by qualified name, sorted."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    parts = {one.alias for one in tree.find_all(exp.CTE)}
    named = {(one.db, one.name) for one in tree.find_all(exp.Table)}
    return tuple(
        sorted(
            f"{layer}.{name}" if layer else name
            for layer, name in named
            if layer or name not in parts
        )
    )


def view_of(table: str) -> str:
    """The view of a table, by its qualified name."""
    return table.replace(".", "__")


def _twin(node: exp.Expr) -> exp.Expr:
    """A node in Spark's words, whatever stands in it first."""
    for child in list(node.iter_expressions()):
        twin = _twin(child)
        if twin is not child:
            child.replace(twin)
    made = _TWINS.get(type(node))
    return made(node) if made else node


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _number(number: int) -> exp.Expr:
    return exp.Literal.number(number)


@cache
def signatures() -> dict[str, tuple[str, ...]]:
    """Our functions and the names of what they take."""
    found = {}
    for signature in FUNCTIONS:
        name, _, takes = signature.rstrip(")").partition("(")
        found[name] = tuple(re.split(r",\s*", takes))
    return found


@cache
def plain_functions() -> dict[str, exp.Expr]:
    """Those of our functions that are plain SQL, and are written out on Spark.

    A function that takes a value twice isn't: an argument may be long.
    """
    found = {}
    for (name, takes), body in zip(
        signatures().items(), FUNCTIONS.values(), strict=True
    ):
        (parsed,) = sqlglot.parse_one(f"select {body}", read="duckdb").expressions
        columns = [column.name for column in parsed.find_all(exp.Column)]
        calls = any(parsed.find_all(exp.Anonymous, *_PATTERNS))
        if not calls and not outside(f"select {body}") and columns == list(takes):
            found[name] = parsed
    return found


def _function(node: exp.Expr) -> exp.Expr:
    name = node.name.lower()
    if name not in plain_functions():
        return node
    given = dict(zip(signatures()[name], node.expressions, strict=True))
    body = plain_functions()[name].transform(
        lambda one: given[one.name].copy() if isinstance(one, exp.Column) else one
    )
    return exp.paren(body)


def _table(node: exp.Expr) -> exp.Expr:
    if not node.args.get("db"):
        return node
    made = exp.to_table(view_of(f"{node.args['db'].name}.{node.name}"))
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name))
    made.set("alias", alias.copy())
    return made


def _part(node: exp.Expr) -> exp.Expr:
    node.set("materialized", None)  # Spark decides
    return node


def _type(node: exp.Expr) -> exp.Expr:
    wide = node.this == exp.DataType.Type.INT128
    return exp.DataType.build("decimal(38, 0)") if wide else node


def _pattern(node: exp.Expr) -> exp.Expr:
    more = node.args.get("replacement") or node.args.get("group")
    arguments = [node.this, node.expression, *([more] if more else [])]
    return _call(PATTERN + _PATTERNS[type(node)], *arguments)


def _quotient(node: exp.Expr) -> exp.Expr:
    # A fraction on both, whatever the kinds of the numbers.
    above, below = (exp.cast(one, "double") for one in (node.this, node.expression))
    return exp.Div(this=above, expression=below)


def _round(node: exp.Expr) -> exp.Expr:
    # DuckDB moves the point, Spark looks at the digits of the shortest writing.
    digits = int(node.args["decimals"].name) if node.args.get("decimals") else 0
    scale = exp.cast(_number(10**digits), "double")
    moved = exp.Mul(this=exp.cast(node.this, "double"), expression=scale)
    whole = exp.Round(this=exp.paren(moved))
    return exp.paren(exp.Div(this=whole, expression=scale.copy()))


def _zones(node: exp.Expr) -> exp.Expr:
    inner = node.this
    if not isinstance(inner, exp.AtTimeZone):
        return node  # the inner one of two
    moment = exp.cast(inner.this, "timestamp_ntz")
    return _call("convert_timezone", inner.args["zone"], node.args["zone"], moment)


def _difference(node: exp.Expr) -> exp.Expr:
    # How many midnights, or full seconds, lie between: Spark counts whole spans.
    last, first = node.this, node.expression
    if node.args["unit"].name == "DAY":
        return _call("datediff", exp.cast(last, "date"), exp.cast(first, "date"))
    seconds = (
        _call("unix_seconds", exp.cast(one, "timestamptz")) for one in (last, first)
    )
    return exp.paren(exp.Sub(this=next(seconds), expression=next(seconds)))


def _epoch(node: exp.Expr) -> exp.Expr:
    micros = _call("unix_micros", exp.cast(node.this, "timestamptz"))
    return exp.paren(exp.Div(this=micros, expression=_number(10**6)))


def _extract(node: exp.Expr) -> exp.Expr:
    if node.name.upper() != "ISODOW":
        return node
    return exp.paren(
        exp.Add(this=_call("weekday", node.expression), expression=_number(1))
    )


def _concat(node: exp.Expr) -> exp.Expr:
    # To DuckDB no list is an empty one.
    parts = (node.this, *node.expressions)
    lists: list[exp.Expr] = [exp.func("coalesce", part, exp.Array()) for part in parts]
    return _call("concat", *lists)


def _distinct(node: exp.Expr) -> exp.Expr:
    return _call("array_compact", _call("array_distinct", node.this))


def _filter(node: exp.Expr) -> exp.Expr:
    condition: exp.Expr = node.expression.this
    summed: exp.Expr = node.this
    if isinstance(summed, exp.Filter):  # a twin that has one already
        both = exp.and_(summed.expression.this, condition)
        return exp.Filter(this=summed.this, expression=exp.Where(this=both))
    if not any(condition.find_all(exp.Anonymous, *_PATTERNS)):
        return node
    # Spark hands no rows to functions of Python there.
    value: exp.Expr = summed.this
    if isinstance(value, exp.Distinct):
        (value,) = value.expressions
    shown = _number(1) if isinstance(value, exp.Star) else value.copy()
    value.replace(exp.Case(ifs=[exp.If(this=condition, true=shown)]))
    return summed


def _best(node: exp.Expr) -> exp.Expr:
    # To DuckDB a row without the value is no row.
    known = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
    return exp.Filter(this=node.copy(), expression=exp.Where(this=known))


_TWINS: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    **dict.fromkeys(_PATTERNS, _pattern),
    exp.Anonymous: _function,
    exp.ArgMax: _best,
    exp.ArgMin: _best,
    exp.ArrayConcat: _concat,
    exp.ArrayDistinct: _distinct,
    exp.ArraySort: lambda node: _call("sort_array", node.this),
    exp.AtTimeZone: _zones,
    exp.Chr: lambda node: exp.Literal.string(chr(int(node.expressions[0].name))),
    exp.CTE: _part,
    exp.DataType: _type,
    exp.DateDiff: _difference,
    exp.Div: _quotient,
    exp.Extract: _extract,
    exp.Filter: _filter,
    exp.Round: _round,
    exp.Table: _table,
    exp.TimeToUnix: _epoch,
}
