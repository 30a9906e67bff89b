"""The explorer as a page of its own, without the theme."""

import re
import shutil
from pathlib import Path

from selenium.webdriver.support.ui import WebDriverWait

DOCS = Path(__file__).parents[1] / "docs"


def open_explorer(browser, address):
    """Opens the page, and waits until its scripts have run: `get` can come back before."""
    browser.get("about:blank")
    browser.get(address)
    shown = "return document.querySelector('[role=tab][aria-selected=true]') !== null"
    WebDriverWait(browser, 60).until(lambda browser: browser.execute_script(shown))
    # The page draws again when it knows its width.
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


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
