"""A headless Chromium that notes every request."""

import json
import os
import shutil
from contextlib import contextmanager

from selenium import webdriver

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


@contextmanager
def chromium(profile):
    """The browser, at an empty page. It keeps its files in the folder `profile`."""
    driver = shutil.which("chromedriver")
    path = os.environ.get("KERASLOSSES_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    assert path, "no Chromium: install it, or set KERASLOSSES_BROWSER"
    assert driver, "no chromedriver: install the one of Chromium's version"
    options = webdriver.ChromeOptions()
    options.binary_location = path
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        browser.get("about:blank")
        requests_of(browser)  # Those of the browser's own first page.
        yield browser
    finally:
        browser.quit()


def requests_of(browser):
    """The addresses that were asked for since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
