"""The built docs, without a network: links lead somewhere, and a browser finds no page too long or too wide."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import chromium, requests_of

pytestmark = pytest.mark.deep

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MADE = (DOCS / "_build", DOCS / "api")


def sources():
    """What the docs are made of."""
    for path in chain(DOCS.rglob("*"), (ROOT / "keraslosses").rglob("*.py")):
        if "__pycache__" in path.parts or any(folder in path.parents for folder in MADE):
            continue
        if path.is_file():
            yield path


def pages_in(folder):
    """The pages by name."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.html"))}


def are_new(pages):
    """Whether each page is newer than all sources."""
    newest = max(path.stat().st_mtime for path in sources())
    return bool(pages) and all(page.stat().st_mtime > newest for page in pages.values())


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Those of `make docs`. If one is older than a source, the docs are built here."""
    if are_new(built := pages_in(DOCS / "_build" / "html")):
        return built
    folder = tmp_path_factory.mktemp("html")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", DOCS, folder]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return pages_in(folder)


class Page(HTMLParser):
    """What a page can be linked by, what it links to, and what a browser loads to show it."""

    def __init__(self, path):
        super().__init__()
        self.path, self.ids, self.links, self.loaded = path, {""}, [], []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids |= {found.get("id"), found.get("name")} - {None}
        if tag == "a":
            self.links += [found["href"]] if found.get("href") else []
        else:
            self.loaded += [found[name] for name in ("src", "href", "data", "poster") if found.get(name)]
            self.loaded += re.findall(r"url\((.*?)\)", found.get("style") or "")

    handle_startendtag = handle_starttag


@pytest.fixture(scope="module")
def parsed(pages):
    return {name: Page(path) for name, path in pages.items()}


def is_outside(address):
    """Whether the address names a host."""
    return bool(urlsplit(address).netloc)


def dead(page, ids):
    """The links of a page to files that are not there, and to places that none of the `ids` of a page names."""
    for link in page.links + page.loaded:
        address = urlsplit(link)
        if address.scheme or address.netloc:
            continue
        place = "" if "=" in address.fragment else unquote(address.fragment)  # loss=Huber is for the explorer
        target = (page.path.parent / unquote(address.path)).resolve() if address.path else page.path
        if not target.is_file() or place not in ids.get(target, {place}):
            yield link


def test_links_lead_to_pages_and_places_that_are_there(parsed):
    assert sum(len(page.links) for page in parsed.values()) > 1000
    ids = {page.path: page.ids for page in parsed.values()}
    found = {name: list(dead(page, ids)) for name, page in parsed.items()}
    assert {name: links for name, links in found.items() if links} == {}


def test_no_page_shows_the_marks_of_its_source(pages):
    assert [name for name, path in pages.items() if ":::" in path.read_text("utf-8")] == []


def test_what_a_page_loads_is_beside_it(pages, parsed):
    loaded = {name: page.loaded for name, page in parsed.items()}
    folder = pages["index.html"].parent
    for file in chain(folder.rglob("*.css"), folder.rglob("*.svg")):
        loaded[file.name] = re.findall(r"""(?:url\(|@import )["']?([^"')]+)""", file.read_text("utf-8"))
    assert sum(map(len, loaded.values())) > 100
    outside = {name: [*filter(is_outside, addresses)] for name, addresses in loaded.items()}
    assert {name: addresses for name, addresses in outside.items() if addresses} == {}


WIDTHS = {"desktop": 1280, "phone": 390}
SIZE = "const page = document.documentElement; return [page.scrollWidth, page.scrollHeight]"


def seen_by(browser, page):
    """The size of a page at each width, and what it asked for."""
    browser.get(page.as_uri())
    sizes = {}
    for name, width in WIDTHS.items():
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        sizes[name] = browser.execute_script(SIZE)
    return {**sizes, "requests": requests_of(browser)}


OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}


@pytest.fixture(scope="module")
def seen(pages, tmp_path_factory):
    """Each page in a browser whose network is off."""
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)
        return {name: seen_by(browser, page) for name, page in pages.items()}


def test_no_page_is_endless(seen):
    heights = {name: [page[width][1] for width in WIDTHS] for name, page in seen.items()}
    assert {name: of_page for name, of_page in heights.items() if max(of_page) > 12_000} == {}


def test_no_page_scrolls_sideways_on_a_phone(seen):
    assert {name: page["phone"] for name, page in seen.items() if page["phone"][0] > WIDTHS["phone"]} == {}


def test_no_page_asks_the_network(seen):
    assert all(page["requests"] for page in seen.values())
    asked = {name: {urlsplit(url).scheme for url in page["requests"]} for name, page in seen.items()}
    assert {name: schemes for name, schemes in asked.items() if schemes - {"file", "data"}} == {}
