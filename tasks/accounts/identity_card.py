"""The card that stands beside identity parameters."""

from __future__ import annotations

import json
import math

from tasks.accounts.identity_model import COMPARISONS, KINDS, IdentityParameters


def describe_parameters(
    parameters: IdentityParameters, text: str, made_by: str, charts: str = ""
) -> str:
    """The card as Markdown.

    Args:
        parameters: what was estimated.
        text: the document of them, for its version.
        made_by: the command that estimated them.
        charts: Markdown that shows charts of the weights.
    """
    rows = "\n".join(
        f"| {one.name} | {level.code} | "
        + " | ".join(
            f"{m:.2g} | {u:.2g} | {math.log2(m / u):+.1f}"
            for m, u in (
                parameters.weights[kind][one.name][level.code] for kind in KINDS
            )
        )
        + " |"
        for one in COMPARISONS
        for level in one.levels
    )
    return f"""# Linkage model {json.loads(text)["version"]}

Which accounts one operator likely made, from what their profiles share and whether \
they meet in threads: Fellegi and Sunter's model as Splink 5 runs it, with two kinds \
of link (some accounts of one person; a batch that a programme made). A pair is judged \
by the likelier kind.

## Estimated from

{parameters.source}. m among pairs of one operator, u among strangers; by \
`{made_by}`. Mean partners an account: {parameters.partners["person"]} of a person, \
{parameters.partners["batch"]} of a batch; the prior is that over the number of \
accounts, at least 20,000.

| compared | level | person m | u | bits | batch m | u | bits |
|---|---|---|---|---|---|---|---|
{rows}

A batch is called so only within a registration burst. Levels that these accounts do \
not have keep weights near what chance gives.
{charts}
## Not for

- Proof. A pair is suspected; a person confirms (`account_overrides.csv`).
- Accounts without a profile: pairs that no sign joins are not compared.
- Names, contacts and pictures copied on purpose to frame somebody.
"""
