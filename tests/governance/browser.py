"""A headless Chromium that opens a report and says what it sees. Debian: `chromium`."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
ANSWER = re.compile(r'<pre id="answer">(.*?)</pre>', re.DOTALL)
LOOK = """
const luminance = colour => {
  const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const [r, g, b] = colour.slice(0, 3).map(v => linear(v / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
const ground = element => {
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const poor = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const words = walker.currentNode.textContent.trim(), owner = walker.currentNode.parentElement;
  if (!words || owner.closest("title, script, style, pre#answer")) continue;
  const style = getComputedStyle(owner), ink = owner.closest("svg") ? parse(style.fill) : parse(style.color);
  const [light, dark] = [luminance(ink), luminance(ground(owner))].sort((a, b) => b - a);
  if ((light + 0.05) / (dark + 0.05) < 4.5) poor.push(words.slice(0, 40));
}
const answer = {
  poor,
  requests: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.startsWith("data:")),
  headings: [...document.querySelectorAll("h1, h2, h3, h4")].map(each => Number(each.tagName[1])),
  across: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  unscoped: [...document.querySelectorAll("th")].filter(each => !each.scope).length,
  nameless: [...document.querySelectorAll("svg, img")]
    .filter(each => !(each.alt || each.getAttribute("aria-label"))).length,
};
"""
"""Contrast of every text as it is painted, what was fetched, how headings follow, whether it leaves the window."""
WRITE = (
    'const place = document.createElement("pre"); place.id = "answer"; '
    "place.textContent = JSON.stringify(answer); document.body.append(place);"
)


def chromium() -> str:
    """The browser; skips where there is none."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no chromium here: the Debian package is called chromium")
    return str(found)


def run(folder: Path, *arguments: str) -> str:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}", *arguments]
    try:
        done = subprocess.run([chromium(), *flags], capture_output=True, text=True, timeout=120, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"chromium does not run here: {type(error).__name__}")
    return done.stdout


def look(page: str, folder: Path, width: int) -> dict[str, Any]:
    """What `LOOK` sees of the page in a window of that width."""
    return ask(page, folder, f"{LOOK}{WRITE}", width)


def ask(page: str, folder: Path, script: str, width: int = 1280) -> dict[str, Any]:
    """Run a script in a copy of the page that allows scripts; what it wrote into `pre#answer`."""
    copy = folder / f"copy-{width}.html"
    copy.write_text(POLICY.sub("", page).replace("</body>", f"<script>{script}</script></body>"))
    seen = run(folder, f"--window-size={width},900", "--virtual-time-budget=60000", "--dump-dom", copy.as_uri())
    found = ANSWER.search(seen)
    assert found is not None, "the page did not answer"
    document: dict[str, Any] = json.loads(html.unescape(found[1]))
    return document


def axe(folder: Path) -> str:
    """The source of axe-core: `MEDSYNTH_AXE` names the file, else the npm registry; skips where it cannot be had."""
    named = os.environ.get("MEDSYNTH_AXE")
    if named:
        return Path(named).read_text()
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no axe-core here: MEDSYNTH_AXE names the file axe.min.js, or npm fetches it")
    try:
        command = [npm, "pack", "axe-core@4", "--silent", "--pack-destination", str(folder)]
        subprocess.run(command, capture_output=True, timeout=60, check=True, cwd=folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("axe-core cannot be had from the npm registry: MEDSYNTH_AXE names the file axe.min.js")
    (packed,) = folder.glob("axe-core-*.tgz")
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()
