"""Tell somebody when a run fails or does not start: `python -m flows.notifications`.

An example automation of Prefect, made on the server that `PREFECT_API_URL` names: when
a run of this project's flows fails, crashes, or is late to start (no worker), the
server posts `{"subject", "text"}` as JSON to the address in `WM_NOTIFY_URL`. A source
that is late makes `daily` fail, so it is told, too. Run again after changing the
address.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from prefect import get_client
from prefect.automations import AutomationCore
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.types import SecretDict

NAME = "weibo-manager-notification"
FLOWS = ("daily", "backfill", "train", "privacy")
_SUBJECT = "Weibo Manager: {{ flow_run.name }} is {{ flow_run.state.name }}"
_TEXT = "{{ flow_run.state.message }} (flow run {{ flow_run.id }})"


def notify(address: str) -> None:
    """Make or replace the block that holds the address, and the automation.

    Args:
        address: where to post; kept by the server as a secret.
    """
    block = CustomWebhookNotificationBlock(
        name=NAME,
        url="{{address}}",
        json_data={"subject": "{{subject}}", "text": "{{body}}"},
        secrets=SecretDict({"address": address}),
    )
    block_id = block.save(NAME, overwrite=True)
    automation = AutomationCore(
        name=NAME,
        description="A run failed, crashed or did not start.",
        trigger=EventTrigger(
            posture=Posture.Reactive,
            expect={
                "prefect.flow-run.Failed",
                "prefect.flow-run.Crashed",
                "prefect.flow-run.Late",
            },
            match_related={
                "prefect.resource.role": "flow",
                "prefect.resource.name": list(FLOWS),
            },
            for_each={"prefect.resource.id"},
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            SendNotification(block_document_id=block_id, subject=_SUBJECT, body=_TEXT)
        ],
    )
    with get_client(sync_client=True) as server:
        for older in server.read_automations_by_name(NAME):
            server.delete_automation(older.id)
        server.create_automation(automation)


def main() -> int:
    """Make the automation; say what is missing."""
    address = os.environ.get("WM_NOTIFY_URL", "")
    if not os.environ.get("PREFECT_API_URL") or not address:
        sys.stderr.write(
            "Set PREFECT_API_URL to the server's address, and WM_NOTIFY_URL to where"
            " it shall post.\n"
        )
        return 2
    notify(address)
    sys.stdout.write("The server now tells of runs that fail or do not start.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
