"""A seeded generator of a synthetic Weibo around a brand, with planted truth.

Feeds the shipped sample, the tests and the benchmarks:

    world = generate(WorldSpec(seed=7, interactions=2000))
    write(world, folder, format="mweibo")

All people, names and texts are made up.
"""

from __future__ import annotations

from .big import BigTotals, write_big
from .generator import generate
from .sample import sample_seeds, sample_world, write_sample
from .spec import BRANDS, Brand, CampaignSpec, World, WorldSpec
from .workspace_file import workspace_toml
from .writing import Format, write

__all__ = [
    "BRANDS",
    "BigTotals",
    "Brand",
    "CampaignSpec",
    "Format",
    "World",
    "WorldSpec",
    "generate",
    "sample_seeds",
    "sample_world",
    "workspace_toml",
    "write",
    "write_big",
    "write_sample",
]
