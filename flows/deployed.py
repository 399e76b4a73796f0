"""The flows as Prefect's, which `prefect.yaml` deploys.

A flow's own module knows no Prefect; here each becomes one of its flows.
"""

from __future__ import annotations

import flows.backfill
import flows.crawl
import flows.daily
import flows.privacy_requests
import flows.train
from flows.prefect_runs import as_flow

daily = as_flow(flows.daily.daily)
backfill = as_flow(flows.backfill.backfill)
crawl = as_flow(flows.crawl.crawl)
train = as_flow(flows.train.train)
privacy = as_flow(flows.privacy_requests.privacy)
