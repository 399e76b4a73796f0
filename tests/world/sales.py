"""Tracked links planted in a world's campaigns, and what came by them.

Each campaign has four: one that two of its posts carry, one that a single post carries,
one whose post is written down and carries nothing, and a coupon that all campaigns
share. Lines of clicks and orders spell them as people and programs do; some lie before
the campaign or long after it, some name nothing, some orders are told again with a
later link. What must come of them is counted here as lines are written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from .spec import PLATFORM, World

COUPON = "TEA10"
CURRENCIES = ("CNY", "CNY", "USD")


# Campaign, link, day, currency.
Key = tuple[str, str, date, str | None]
# Clicks (None on codes of which none is told), orders, those with an amount, their sum.
Row = tuple[int | None, int, int, Decimal]


@dataclass
class Sales:
    """What was planted.

    Attributes:
        toml: by campaign, its sections of `workspace.toml`.
        lines: of `seeds/conversions.csv`, the header first.
        rows: by campaign, link, day and currency: clicks, orders, orders with an amount
            and the sum of these.
        states: how many lines must end as what; lines told again count where the last
            one does.
        posts: by campaign and link, its post; None where it has none.
    """

    toml: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    rows: dict[Key, Row] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    posts: dict[tuple[str, str], str | None] = field(default_factory=dict)


def plant_sales(
    world: World,
    covered: tuple[date, date],
    order_days: int = 7,
    lines: int = 600,
    seed: int = 1,
) -> tuple[World, Sales]:
    """Add links to posts, and make lines of clicks and orders.

    Args:
        world: what to add to; campaigns with four posts or more.
        covered: the days that are run.
        order_days: as the policy of that name.
        lines: how many, told again ones included.
        seed: of every choice.

    Returns:
        The world with posts that carry links, and the rest.
    """
    random = np.random.default_rng([seed, world.spec.seed])
    sales = Sales()
    campaigns = world.campaigns.sort("campaign_id").to_dicts()
    carried: dict[str, list[str]] = defaultdict(list)
    for campaign in campaigns:
        _plant_links(campaign, sales, carried)
    told = _Lines(world, campaigns, covered, order_days, sales, random)
    told.write(lines)
    links = [carried.get(post, []) for post in world.posts["post_id"]]
    posts = world.posts.with_columns(
        links=pl.Series("links", links, dtype=pl.List(pl.String))
    )
    return replace(world, posts=posts), sales


def _plant_links(
    campaign: dict[str, object], sales: Sales, carried: dict[str, list[str]]
) -> None:
    name = str(campaign["campaign_id"])
    one, two, three, four = list(campaign["post_ids"])[:4]  # type: ignore[call-overload]
    shop = f"https://shop.example.com/{name}"
    single = f"{shop}?utm_campaign={name}&utm_content=single"
    for post in (one, two):
        carried[post].append(shop.replace("https", "http") + "/")
    carried[three].append(f"{single}&spm=1.2")
    sales.toml[name] = f"""
[[campaigns.tracked_links]]
id = "many"
url = "{shop}"
[[campaigns.tracked_links]]
id = "single"
url = "{single}"
[[campaigns.tracked_links]]
id = "stated"
code = "{name}-card"
post = {{ platform = "{PLATFORM}", post_id = "{four}" }}
[[campaigns.tracked_links]]
id = "coupon-{name}"
code = "{COUPON}"
"""
    sales.posts |= {
        (name, "many"): None,
        (name, "single"): three,
        (name, "stated"): four,
        (name, f"coupon-{name}"): None,
    }


class _Lines:
    """The lines of the file, and what each must count for."""

    def __init__(
        self,
        world: World,
        campaigns: list[dict[str, object]],
        covered: tuple[date, date],
        order_days: int,
        sales: Sales,
        random: np.random.Generator,
    ) -> None:
        self.zone = ZoneInfo(world.spec.timezone)
        self.windows: dict[str, tuple[date, date]] = {
            str(one["campaign_id"]): (
                one["start"],  # type: ignore[dict-item]
                one["end"] + timedelta(days=order_days),  # type: ignore[operator]
            )
            for one in campaigns
        }
        self.names = list(self.windows)
        self.covered = covered
        self.sales = sales
        self.random = random
        # By order, what its last line says.
        self.orders: dict[str, tuple[datetime, str, str, Decimal, str]] = {}
        self.repeats: Counter[str] = Counter()

    def write(self, lines: int) -> None:
        """Write so many lines and count what must come of them."""
        self.sales.lines.append("time,link,kind,count,amount,currency,order_id")
        for number in range(lines):
            self._write_one(number)
        for order, (moment, name, link, amount, currency) in self.orders.items():
            self._count(moment, name, link, "order", 1, amount, currency)
            # Lines of one order end together.
            state = self._state(moment, name, link)[0]
            self.sales.states[state] += self.repeats[order]
        self._forget_clicks_on_codes()

    def _forget_clicks_on_codes(self) -> None:
        """Nobody can click on a code: where no click is told, none is known."""
        rows = self.sales.rows
        clicked = {key[:2] for key, (clicks, *_) in rows.items() if clicks}
        for key, (_, orders, priced, revenue) in list(rows.items()):
            if key[1] not in ("many", "single") and key[:2] not in clicked:
                rows[key] = (None, orders, priced, revenue)

    def _pick(self, values: list[str]) -> str:
        return values[int(self.random.integers(len(values)))]

    def _write_one(self, number: int) -> None:
        random = self.random
        name = self._pick(self.names)
        link = self._pick(["many", "single", "stated", f"coupon-{name}", "none"])
        first, last = self.windows[name]
        span = (last - first).days + 10
        moment = datetime.combine(first, datetime.min.time(), self.zone) + timedelta(
            days=int(random.integers(-3, span)), minutes=int(random.integers(1440))
        )
        currency = CURRENCIES[self.names.index(name) % len(CURRENCIES)]
        kind = "click" if random.random() < 0.4 else "order"
        many = int(random.integers(1, 9))
        amount = Decimal(int(random.integers(100, 20_000))) / 100
        if kind == "order" and random.random() < 0.5:
            order = f"A{int(random.integers(number // 2 + 1))}"
            kept = self.orders.get(order)
            # Later lines of one order are no earlier in the file: ties end there.
            if kept is None or moment >= kept[0]:
                self.orders[order] = (moment, name, link, amount, currency)
            self.repeats[order] += kept is not None
            self._line(
                moment, self._spelled(name, link), "", 1, amount, currency, order
            )
            return
        told = None if kind == "click" or random.random() < 0.2 else amount
        self._line(moment, self._spelled(name, link), kind, many, told, currency, "")
        self._count(moment, name, link, kind, many, told, currency)

    def _line(
        self,
        moment: datetime,
        link: str,
        kind: str,
        many: int,
        amount: Decimal | None,
        currency: str,
        order: str,
    ) -> None:
        told = moment.isoformat(timespec="minutes")
        if self.random.random() < 0.5:
            told = told[:-6]  # the workspace's own time
        money = "," if amount is None else f"{amount},{currency}"
        count = "" if many == 1 else str(many)
        self.sales.lines.append(f'{told},"{link}",{kind},{count},{money},{order}')

    def _spelled(self, name: str, link: str) -> str:
        """A link as an export may name it."""
        if link == "none":
            return self._pick(["elsewhere", "https://shop.example.com/other", "TEA1"])
        if link.startswith("coupon"):
            return self._pick([COUPON, COUPON.lower(), f" {COUPON} "])
        if link == "stated":
            return self._pick([f"{name}-card", f"{name}-CARD"])
        place = f"shop.example.com/{name}"
        if link == "many":
            return self._pick([f"https://{place}", f"http://www.{place}/?from=app"])
        asked = [f"utm_content=single&utm_campaign={name}"]
        asked.append(f"UTM_Campaign={name}&utm_content=Single&x=1")
        query = self._pick(asked)
        return self._pick(
            [f"https://{place}?{query}", f"{place}/?{query}", query.lower()]
        )

    def _state(self, moment: datetime, name: str, link: str) -> tuple[str, str]:
        """What becomes of a line, and the campaign that it counts for."""
        day = moment.astimezone(self.zone).date()
        if link == "none":
            return "unknown link", name
        fits = [
            one
            for one, (first, last) in self.windows.items()
            if first <= day <= last and (one == name or link.startswith("coupon"))
        ]
        if len(fits) != 1:
            shared = link.startswith("coupon") and len(self.names) > 1
            return ("several links" if shared else "other days"), name
        if not self.covered[0] <= day <= self.covered[1]:
            return "not covered", fits[0]
        return "counted", fits[0]

    def _count(
        self,
        moment: datetime,
        name: str,
        link: str,
        kind: str,
        many: int,
        amount: Decimal | None,
        currency: str,
    ) -> None:
        state, campaign = self._state(moment, name, link)
        self.sales.states[state] += 1
        if state != "counted":
            return
        if link.startswith("coupon"):
            link = f"coupon-{campaign}"
        day = moment.astimezone(self.zone).date()
        key = (campaign, link, day, currency if amount is not None else None)
        clicks, orders, priced, revenue = self.sales.rows.get(
            key, (0, 0, 0, Decimal(0))
        )
        self.sales.rows[key] = (
            (clicks or 0) + many * (kind == "click"),
            orders + many * (kind == "order"),
            priced + many * (amount is not None),
            revenue + (amount or 0),
        )
