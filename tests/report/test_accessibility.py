"""The pages as axe-core judges them in a browser: each one, in each language and light.

axe comes with a package that `make test-marked` installs apart. It runs in a copy of a
page: the pages themselves allow no script.
"""

from __future__ import annotations

import html
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flows.commands.claim import claim
from tasks.report.page import write_report
from tests.flows.commands.test_claim import paid  # noqa: F401
from tests.workspaces import Lab

from .test_browser import chromium
from .test_page import marts  # noqa: F401

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Blink's own numbers.
LIGHTS = {"dark": 0, "light": 1}
# Contrast is judged of what is drawn: nothing stays closed or undrawn in the copy.
DRAWN = "<style>article.card { content-visibility: visible !important }</style>"
# Of contrast axe says nothing where a picture may lie behind: it is asked once more
# without the charts. What it can't tell then (cells that span rows) is no finding.
JUDGE = """<script>
const judge = async () => {
  document.querySelectorAll("details").forEach((one) => { one.open = true })
  // Colours alone differ by the light.
  const dark = matchMedia("(prefers-color-scheme: dark)").matches
  const none = { violations: [], incomplete: [], passes: [] }
  const whole = dark ? none : await axe.run({ runOnly: %s })
  document.querySelectorAll("svg").forEach((one) => one.remove())
  const plain = await axe.run({ runOnly: { type: "rule", values: ["color-contrast"] } })
  const list = (rules) => rules.map((rule) => ({
    rule: rule.id,
    nodes: rule.nodes.map((one) => `${one.html.slice(0, 200)} ${one.failureSummary}`),
  }))
  const others = whole.incomplete.filter((rule) => rule.id !== "color-contrast")
  const told = document.createElement("pre")
  told.id = "axe"
  told.textContent = JSON.stringify({
    wrong: list([...whole.violations, ...others, ...plain.violations]),
    passes: whole.passes.length,
    contrasts: plain.passes.flatMap((rule) => rule.nodes).length,
    dark,
  })
  document.body.replaceChildren(told)
}
judge()
</script>"""


def judge(page: Path, folder: Path, light: str) -> dict[str, Any]:
    """What axe finds: wrong, passes, contrasts (texts that are fine), dark."""
    axe = Path(os.environ["WM_TEST_AXE"]) / "axe_playwright_python/axe.min.js"
    text = page.read_text(encoding="utf-8")
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
    assert len(policy.findall(text)) == 1
    library = axe.read_text(encoding="utf-8").replace("</script", r"<\/script")
    scripts = f"<script>{library}</script>{JUDGE % json.dumps(TAGS)}"
    copy = folder / f"{light}-{page.name}"
    copy.write_text(
        policy.sub(lambda _: DRAWN, text).replace("</body>", f"{scripts}</body>"),
        encoding="utf-8",
    )
    drawn = chromium(
        folder / f"profile-{light}-{page.stem}",
        "--window-size=1280,2000",
        f"--blink-settings=preferredColorScheme={LIGHTS[light]}",
        "--virtual-time-budget=60000",
        "--dump-dom",
        copy.as_uri(),
    )
    told = re.search(r'<pre id="axe">(.*?)</pre>', drawn, re.S)
    assert told, "axe came to no end"
    found: dict[str, Any] = json.loads(html.unescape(told[1]))
    return found


def pages_of(paid: Lab, marts: Path, folder: Path) -> list[Path]:  # noqa: F811
    """One of each kind and language: of made-up marts and of a workspace."""
    pages = []
    for code in ("en", "zh"):
        pages.append(folder / f"index-{code}.html")
        write_report(marts, pages[-1], language=code)
        written = claim(paid.workspace, "launch", "bad", folder / code, code)
        page = folder / f"claim-{code}.html"
        pages.append((written.folder / "index.html").rename(page))
    restricted = paid.root / "published/restricted"
    return [*pages, restricted / "report.html", restricted / "report-zh.html"]


@pytest.mark.browser
@pytest.mark.skipif(
    "WM_TEST_AXE" not in os.environ, reason="axe is not here: make test-marked"
)
def test_axe_finds_nothing(
    paid: Lab,  # noqa: F811
    marts: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = pages_of(paid, marts, tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # `paid` leaves no browser to be found
    asked = [(page, light) for page in pages for light in LIGHTS]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: judge(one[0], tmp_path, one[1]), asked))
    found = {}
    for (page, light), judged in zip(asked, answers, strict=True):
        assert judged["dark"] is (light == "dark")
        assert judged["passes"] > 20 or judged["dark"], page.name
        assert judged["contrasts"] > 50, page.name
        if judged["wrong"]:
            found[f"{page.name}, {light}"] = judged["wrong"]
    assert found == {}
