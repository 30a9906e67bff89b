"""A headless Chromium for the tests of pages, and the explorer as a page of its own."""

import json
import os
import re
import shutil
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

DOCS = Path(__file__).parents[1] / "docs"


def chromium(profile):
    """A browser that notes every request."""
    driver = shutil.which("chromedriver")
    path = os.environ.get("KERASLOSSES_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    assert driver and path, "no Chromium with its chromedriver: install them, or set KERASLOSSES_BROWSER"
    options = webdriver.ChromeOptions()
    options.binary_location = path
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(driver))


def requests_of(browser):
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


def open_explorer(browser, address):
    """Opens the page, and waits until its scripts have run: `get` can come back before."""
    browser.get("about:blank")
    browser.get(address)
    shown = "return document.querySelector('[role=tab][aria-selected=true]') !== null"
    WebDriverWait(browser, 60).until(lambda browser: browser.execute_script(shown))


def explorer_in(folder):
    """Writes the explorer of the docs as a page without the theme, and gives its address."""
    (raw,) = re.findall(
        r"^```\{raw\} html\n(.*?)^```", (DOCS / "explorer.md").read_text("utf-8"), re.M | re.S
    )
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    file = folder / "explorer.html"
    file.write_text(f"<!doctype html><html><head>{head}</head><body>{raw}</body></html>", encoding="utf-8")
    shutil.copytree(DOCS / "_static" / "explorer", folder / "_static" / "explorer")
    return file.as_uri()
