"""`claim`: what a paid partner delivered, as files that one can send."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tasks.report.claim import Claim, read_claim, write_claim
from tasks.report.languages import speaking
from tasks.warehouse.claim_files import (
    PAGE,
    PDF,
    claim_folder,
    link_claims,
    refuse_what_is_no_claim,
    replaced,
)
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.workspace import Workspace

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Written:
    """What a command wrote.

    Attributes:
        claim: what it says.
        folder: where it lies.
        pdf: how the PDF came about, in a sentence.
    """

    claim: Claim
    folder: Path
    pdf: str


def claim(
    workspace: Workspace,
    campaign_id: str,
    partner_id: str,
    out: Path | None = None,
    language: str | None = None,
) -> Written:
    """Write a claim; what the numbers don't support it says so.

    Args:
        workspace: whose data; only read.
        campaign_id: of the campaign.
        partner_id: of the partner in it.
        out: a folder of its own; without it `restricted/claims`.
        language: `en` or `zh`; without it that of the workspace's report.

    Raises:
        ConfigurationError: there is no such partner or language, or the marts don't
            know the partner yet.
        WorkspaceLockedError: a run writes the warehouse now.
    """
    _require_partner(workspace, campaign_id, partner_id)
    again = "run `daily` or `backfill` first."
    if not workspace.database.exists():
        raise ConfigurationError([f"{workspace.database} does not exist: {again}"])
    if out is not None:
        refuse_what_is_no_claim(out)
    with (
        speaking(language or workspace.report.language),
        hold_workspace(workspace.lock, "claim"),
    ):
        found = read_claim(
            workspace.database,
            campaign_id,
            partner_id,
            min_cell=workspace.policies.min_cell,
            threshold=workspace.policies.phantom_threshold,
            kept_days=workspace.policies.retention_days.get("restricted"),
        )
        if found is None:
            raise ConfigurationError(
                [f"The marts don't know partner '{partner_id}' yet: {again}"]
            )
        target = out or claim_folder(workspace.root, campaign_id, partner_id)
        with replaced(target) as folder:
            write_claim(found, folder)
            pdf = _print(folder / PAGE, folder / PDF)
        if out is None:
            link_claims(workspace.root)
    linked = workspace.published / "restricted" / "claims" / target.name
    return Written(found, linked if out is None and linked.exists() else target, pdf)


def _require_partner(workspace: Workspace, campaign_id: str, partner_id: str) -> None:
    campaigns = {campaign.id: campaign for campaign in workspace.campaigns}
    if campaign_id not in campaigns:
        raise ConfigurationError([_unknown("--campaign", campaign_id, list(campaigns))])
    partners = [partner.id for partner in campaigns[campaign_id].partners]
    if partner_id not in partners:
        raise ConfigurationError([_unknown("--partner", partner_id, partners)])


def _unknown(option: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    what = "no campaign" if option == "--campaign" else "no partner of that campaign"
    hint = f"did you mean '{near[0]}'?" if near else "it has none there."
    return f"{option} '{name}' is {what} in workspace.toml: {hint}"


def _print(page: Path, target: Path) -> str:
    """Let a browser print the page, where there is one; a sentence that tells."""
    by_hand = f"open {PAGE} in a browser and print it into a file."
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return f"No Chromium was found for the PDF: {by_hand}"
    # As root it starts without its sandbox only; the page has no scripts.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            # Nothing leaves the machine.
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            *root,
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={target.resolve()}",
            page.resolve().as_uri(),
        ]
        try:
            subprocess.run(
                command, capture_output=True, timeout=_PATIENCE_SECONDS, check=True
            )
        except (OSError, subprocess.SubprocessError):
            target.unlink(missing_ok=True)
    if not target.exists():
        return f"{Path(browser).name} made no PDF: {by_hand}"
    return f"{PDF} was printed by {Path(browser).name}."
