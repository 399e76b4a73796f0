"""Signs of company: what accounts do alike that people do not.

They need nothing of an account but that others stand beside it: made on one day
under one name (`account_cohorts`), words that a small set of accounts repeats
(`account_templates`), the same seconds again and again (`account_company`), a
program's minute (`account_clock`), unusual targets of one sort (`account_synchrony`),
registered on one day with others that follow the same account
(`account_follow_bursts`), made in one batch with others by all that the linkage model
compares (`operators.py`); and, in a second pass over what the first one suspects, words
and seconds shared with suspected accounts (`account_cowriters`, `account_coactors`).
The numbers are judgements, stated as what they add to the log-odds (evidence.py); no
labelled set has them. Those of the first four are high because chance hardly gives
them: of 9,725 accounts in real threads of m.weibo.cn (4,070 with texts long enough, 12
with three reposts) none shows any. Those threads can't tell how often fans who meet on
many posts show them: `account_company` therefore counts only meetings beyond chance,
`account_wordings` no wishes for luck. A small fan club that copies one text day by day
still looks like a template.

The others are lower. None of those accounts shows any either, but few could: 48 share
a wording with four others, 71 acted within seconds of two others, follows and days of
registration are not in them.
- Of a wording whose other writers are suspected by half and more, where about a fifth
  of all are, the next writer's odds are four times the usual (log 1.4). Only suspicion
  for other reasons counts: accounts can't suspect each other for sharing words because
  they share them. So what is counted is not in the sign of templates already.
- To meet suspected accounts in the same seconds on three posts or more, where others on
  these posts don't, takes a schedule (2.0).
- Fans of a niche point at small accounts of one sort, too: of 200 who follow twelve of
  sixty up to 4 show it, of 5,000 people up to 2, of an army of 200 most (1.5).
- Of a burst of five times the usual, one in five is there by chance (log 1.4); and an
  account that opens brings its own newcomers, which look alike, too (1.0 and 2.0).
- In two labelled Twitter sets 1,338 of 2,388 bought or automatic accounts stand in a
  batch of three or more, and one of 2,623 people. That is far more than ten times the
  odds, but of two kinds of makers: 2.3 is ten times (log 2.3). It is left out where a
  batch of names tells the same, and a burst of followers adds nothing to it.

Sources: purchased accounts share vendors' templates and registration bursts (Tang et
al. 2021, Security and Communication Networks 6656470); acting together within
seconds, twice or more (CooRTweet; SynchroTrap, Cao et al. 2014); near-duplicate words
(Chen et al. 2011, arXiv 1111.4297); targets that are alike and
unusual (CatchSync, Jiang et al. 2014).
"""

from __future__ import annotations

import polars as pl

from tasks.accounts.evidence import Evidence
from tasks.accounts.features import number, percent

# A cohort has so many members at least, and so many times what chance would give.
_COHORT, _EXCESS = 4, 5

# So many accounts of all may show a sign of company with the suspected by chance.
_CHANCE = 0.05

# So many accounts of one maker are a batch.
_BATCH = 3

# Signs of the first pass by what makes the company.
OF_WORDS = ("template_texts", "template_text")
OF_MOMENTS = ("company", "group")

_TEXTS, _TEMPLATE_TEXTS = pl.col("long_texts"), pl.col("template_texts")
_MOMENTS, _ONE_MINUTE = pl.col("moments"), pl.col("moments_of_one_minute")


def _is_batch(shared: str) -> pl.Expr:
    return (pl.col(shared) >= _COHORT) & (
        pl.col(shared) >= _EXCESS * pl.col(f"{shared}_expected")
    )


_IS_NAMED_BATCH = (_is_batch("same_stem") | _is_batch("same_description")).fill_null(
    value=False
)
_IS_MADE = (pl.col("batch_accounts") >= _BATCH).fill_null(value=False) & (
    ~_IS_NAMED_BATCH
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
        "one_minute",
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
        "batch_of_names",
    ),
    Evidence(
        "batch_of_descriptions",
        _is_batch("same_description") & ~_is_batch("same_stem").fill_null(value=False),
        2.5,
        pl.format(
            "describes itself like {} accounts made on the same day",
            number(pl.col("same_description") - 1),
        ),
        "batch_of_descriptions",
    ),
    Evidence(
        "made_in_a_batch",
        _IS_MADE,
        2.3,
        pl.format(
            "was likely made in one batch with {} other accounts here",
            number(pl.col("batch_accounts") - 1),
        ),
        "made_in_a_batch",
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
        "template_texts",
    ),
    Evidence(
        "template_text",
        (_TEMPLATE_TEXTS >= 1)
        & ~((_TEMPLATE_TEXTS >= 2) & (2 * _TEMPLATE_TEXTS >= _TEXTS)),
        3.0,
        pl.format(
            "wrote a text that {} accounts repeat", number(pl.col("template_sharers"))
        ),
        "template_texts",
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
        "company",
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
        "company",
    ),
    Evidence(
        "cowriters",
        (2 * pl.col("suspected_cowriters") >= pl.col("cowriters"))
        & (pl.col("cowriters_by_chance") <= _CHANCE),
        1.5,
        pl.format(
            "{} of the {} accounts that write the same words as it are suspected for"
            " other reasons",
            number(pl.col("suspected_cowriters")),
            number(pl.col("cowriters")),
        ),
        "cowriters",
    ),
    Evidence(
        "coactors",
        (pl.col("suspected_coacted_posts") >= 3)
        & (pl.col("coacted_by_chance") <= _CHANCE),
        2.0,
        pl.format(
            "on {} of the {} posts on which others acted within its ten seconds, most"
            " of these others are suspected",
            number(pl.col("suspected_coacted_posts")),
            number(pl.col("coacted_posts")),
        ),
        "coactors",
    ),
    Evidence(
        "synchronous_targets",
        pl.col("is_synchronous") & (pl.col("alike_targets_by_chance") <= _CHANCE),
        1.5,
        pl.format(
            "{} of the {} accounts that it follows or reposts are unusual ones of one"
            " sort ({} would be by chance)",
            number(pl.col("alike_targets")),
            number(pl.col("targets")),
            number(pl.col("alike_targets_expected")),
        ),
        "synchronous_targets",
    ),
    Evidence(
        "follow_burst_alike",
        pl.col("burst_alike").is_not_null() & ~_IS_NAMED_BATCH & ~_IS_MADE,
        2.0,
        pl.format(
            "follows an account with {} others that were registered on the same day and"
            " look like it ({} would be usual)",
            number(pl.col("burst_alike") - 1),
            number(pl.col("burst_followers_usual")),
        ),
        "follow_burst",
    ),
    Evidence(
        "follow_burst",
        pl.col("burst_followers").is_not_null()
        & pl.col("burst_alike").is_null()
        & ~_IS_NAMED_BATCH
        & ~_IS_MADE,
        1.0,
        pl.format(
            "follows an account with {} others that were registered on the same day"
            " ({} would be usual)",
            number(pl.col("burst_followers") - 1),
            number(pl.col("burst_followers_usual")),
        ),
        "follow_burst",
    ),
)
