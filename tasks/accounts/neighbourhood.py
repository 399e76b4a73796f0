"""Signs of company: what accounts do alike that people do not.

They need nothing of an account but that others stand beside it: made on one day
under one name (`account_cohorts`), words that a small set of accounts repeats
(`account_templates`), the same seconds again and again (`account_company`), a
program's minute (`account_clock`). The numbers are judgements, stated as what they
add to the log-odds (evidence.py); no labelled set has them. They are high because
chance hardly gives them: of 9,725 accounts in real threads of m.weibo.cn (4,070 with
texts long enough, 12 with three reposts) none shows any. Those threads can't tell how
often fans who meet on many posts show them: `account_company` therefore counts only
meetings beyond chance, `account_templates` no wishes for luck. A small fan club that
copies one text day by day still looks like a template.

Sources: purchased accounts share vendors' templates and registration bursts (Tang et
al. 2021, Security and Communication Networks 6656470); acting together within
seconds, twice or more (CooRTweet; SynchroTrap, Cao et al. 2014); near-duplicate words
(Chen et al. 2011, arXiv 1111.4297).
"""

from __future__ import annotations

import polars as pl

from tasks.accounts.evidence import Evidence
from tasks.accounts.features import number, percent

# A cohort has so many members at least, and so many times what chance would give.
_COHORT, _EXCESS = 4, 5

_TEXTS, _TEMPLATE_TEXTS = pl.col("long_texts"), pl.col("template_texts")
_MOMENTS, _ONE_MINUTE = pl.col("moments"), pl.col("moments_of_one_minute")


def _is_batch(shared: str) -> pl.Expr:
    return (pl.col(shared) >= _COHORT) & (
        pl.col(shared) >= _EXCESS * pl.col(f"{shared}_expected")
    )


def _by_clock(fewest: int, most: int, log_odds: float) -> Evidence:
    return Evidence(
        f"one_minute_{fewest}",
        _MOMENTS.is_between(fewest, most) & (_ONE_MINUTE >= 0.8 * _MOMENTS),
        log_odds,
        pl.format(
            "{} of its {} reposts fall on the same minute of the half hour",
            number(_ONE_MINUTE),
            number(_MOMENTS),
        ),
    )


NEIGHBOURHOOD: tuple[Evidence, ...] = (
    Evidence(
        "batch_of_names",
        _is_batch("same_stem"),
        3.5,
        pl.format(
            "has the same name but for the number as {} accounts made on the same day",
            number(pl.col("same_stem") - 1),
        ),
    ),
    Evidence(
        "batch_of_descriptions",
        _is_batch("same_description") & ~_is_batch("same_stem").fill_null(value=False),
        2.5,
        pl.format(
            "describes itself like {} accounts made on the same day",
            number(pl.col("same_description") - 1),
        ),
    ),
    Evidence(
        "template_texts",
        (_TEMPLATE_TEXTS >= 2) & (2 * _TEMPLATE_TEXTS >= _TEXTS),
        4.0,
        pl.format(
            "{} of its texts begin with words that it shares with {} accounts, again"
            " and again",
            percent(_TEMPLATE_TEXTS / _TEXTS),
            number(pl.col("template_sharers")),
        ),
    ),
    Evidence(
        "template_text",
        (_TEMPLATE_TEXTS >= 1)
        & ~((_TEMPLATE_TEXTS >= 2) & (2 * _TEMPLATE_TEXTS >= _TEXTS)),
        3.0,
        pl.format(
            "wrote a text that {} accounts repeat", number(pl.col("template_sharers"))
        ),
    ),
    _by_clock(3, 3, 2.0),
    _by_clock(4, 5, 3.0),
    _by_clock(6, 10**9, 4.0),
    Evidence(
        "company",
        pl.col("companions").is_between(1, 2),
        1.5,
        pl.format(
            "reposted within ten seconds of the same account on {} posts",
            number(pl.col("companion_posts")),
        ),
    ),
    Evidence(
        "group",
        pl.col("companions") >= 3,
        3.0,
        pl.format(
            "reposted within ten seconds of the same {} accounts, on up to {} posts",
            number(pl.col("companions")),
            number(pl.col("companion_posts")),
        ),
    ),
)
