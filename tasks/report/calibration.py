"""The calibration plot of a model card: how often a probability comes true."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import vl_convert

from tasks.report.charts import FONT, GENUINE, GRID, INK

_SIZE = 320


def draw_calibration(bins: Sequence[tuple[float, float, int]]) -> str:
    """An SVG file, the same bytes each time.

    Args:
        bins: mean probability, share of phantoms and accounts of each bin.
    """
    points = alt.Chart(
        alt.InlineData(
            values=[
                {
                    "probability": round(mean, 4),
                    "share": round(share, 4),
                    "accounts": accounts,
                }
                for mean, share, accounts in bins
            ]
        )
    )
    scale = alt.Scale(domain=[0, 1])
    marks = points.mark_line(color=GENUINE, point={"color": GENUINE, "size": 60})
    labels = points.mark_text(dy=-12, color=INK, font=FONT, fontSize=11)
    ideal = alt.Chart(
        alt.InlineData(
            values=[{"probability": 0, "share": 0}, {"probability": 1, "share": 1}]
        )
    ).mark_line(color=GRID)
    x = alt.X("probability:Q", scale=scale, title="probability that was given")
    y = alt.Y("share:Q", scale=scale, title="share of labelled phantoms")
    chart = (
        alt.layer(
            ideal.encode(x=x, y=y),
            marks.encode(x=x, y=y),
            labels.encode(x=x, y=y, text=alt.Text("accounts:Q")),
        )
        .properties(width=_SIZE, height=_SIZE)
        .configure_view(stroke=None)
        .configure_axis(
            labelFont=FONT,
            titleFont=FONT,
            labelColor=INK,
            titleColor=INK,
            gridColor=GRID,
            format=".1f",
        )
    )
    return vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]) + "\n"
