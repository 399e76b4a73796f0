"""What brands' actions and posts changed, against what was usual."""

from __future__ import annotations

import polars as pl

from tasks.campaigns.action_effects import judge_episodes
from tasks.campaigns.usual_posts import judge_posts
from tasks.warehouse.graph import Making


def action_effects(making: Making) -> pl.DataFrame:
    """What brands' actions changed."""
    connection = making.connection
    days = connection.sql("from intermediate.brand_days").pl()
    episodes = connection.sql("from intermediate.action_episodes").pl()
    controls = connection.sql(
        """
        select brands.brand_id, others.brand_id as control_id
        from meta.brands as brands
        inner join meta.brands as others on brands.brand_id <> others.brand_id
        """
    ).pl()
    return judge_episodes(days, episodes, controls, making.before)


def post_effects(making: Making) -> pl.DataFrame:
    """What brands' posts drew against their usual ones."""
    connection = making.connection
    # Days after the last landed one are not known yet, covered or not.
    known_days = connection.sql(
        """
        select landed.platform, days.date_day
        from intermediate.landed_days as landed
        inner join meta.covered_days as days
            on days.date_day between landed.first_day and landed.last_day
        """
    ).pl()
    posts = connection.sql("from intermediate.brand_posts").pl()
    acts = connection.sql(
        "select brand_id, action_id, age_seconds, is_genuine"
        " from intermediate.brand_post_acts"
    ).pl()
    return judge_posts(posts, acts, known_days, making.workspace.timezone)
