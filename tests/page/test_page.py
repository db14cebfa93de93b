"""The page is one file, complete and within its size; in a browser it does what a reader does."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hlearn.page import MOST_BYTES
from tests.cli.conftest import hl


@pytest.fixture
def page(system: Path, tmp_path: Path) -> Path:
    said = hl("report", system, "--no-picture", "--html", tmp_path / "page.html", "--json")
    assert said.code == 0, said.err
    assert said.data["html"] == str(tmp_path / "page.html")
    return tmp_path / "page.html"


def test_the_page_is_whole_and_asks_for_nothing(page: Path, system: Path) -> None:
    text = page.read_text()
    assert len(text) < MOST_BYTES and not re.search(r"(src|href)=.https?:", text)
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])  # type: ignore[index]
    assert data["failures"][0]["clip"].startswith("data:video/mp4;base64,")
    episode = data["episodes"][0]
    assert episode["length"] == len(episode["acted"]) == len(episode["actions"]) and episode["pictures"]
    assert data["system"]["points"] and data["system"]["versions"][0]["diff"].count("+") > 5
    assert data["system"]["cases"]["rows"] and data["system"]["costs"]
    assert hl("report", system, "--html", page.parent / "no" / "a.html").code == 2
    assert hl("report", system, "--html", page.parent / "a.pdf").code == 2


@pytest.fixture
def reader(page: Path) -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium on this machine (apt-get install chromium)")
    with api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        seen = opened.new_page(viewport={"width": 1200, "height": 900})
        errors: list[str] = []
        seen.on("pageerror", lambda error: errors.append(str(error)))
        seen.on("request", lambda r: errors.append(r.url) if r.url.startswith("http") else None)
        seen.goto(page.as_uri())
        yield seen
        assert errors == []
        opened.close()


@pytest.mark.browser
def test_a_reader_steps_through_an_episode(reader: Any) -> None:
    assert "Corridor" in reader.title()
    reader.focus("#bug")
    before = reader.inner_text("#now")
    reader.keyboard.press("ArrowRight")
    assert reader.inner_text("#now") != before
    reader.evaluate("show(0)")
    reader.keyboard.press("r")
    assert "reward" in reader.inner_text("#now")
    reader.keyboard.press("f")
    reader.click("text=go to step >> nth=0")
    assert reader.locator("#source .on").count() > 0 or "idle" in reader.inner_text("#now")
    assert reader.evaluate("document.getElementById('frame').width") > 100
    for width in (1200, 420):
        reader.set_viewport_size({"width": width, "height": 900})
        assert reader.evaluate("document.documentElement.scrollWidth") <= width + 1
