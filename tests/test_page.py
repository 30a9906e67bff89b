"""The HTML report: what is in it, and that a real browser shows it without asking the network."""

import re

import pytest
from browsing import chromium, requests_of
from selenium.webdriver.common.by import By

from keraslosses.portability.report.page import page

pytestmark = pytest.mark.deep

BACKENDS = ("tensorflow", "jax", "torch")
EVIL = "<script>alert('x')</script>"


def finding(text="gradient at equal inputs is NaN", **more):
    return {"text": text, "inputs": "", "expected": "", "received": "", "error": "", "advice": "", **more}


def result(target, check, backend, findings=(), why=""):
    status = "failed" if findings else "skipped" if why else "passed"
    return {
        "target": target,
        "check": check,
        "backend": backend,
        "status": status,
        "why": why,
        "seconds": 0.1,
        "findings": list(findings),
    }


def report(*results):
    checks = {check: f"What {check} means." for check in dict.fromkeys(r["check"] for r in results)}
    return {
        "keraslosses": "0.1.0",
        "keras": "3.15.1",
        "python": "3.11",
        "made": "2026-11-23 22:00",
        "command": "python -m keraslosses check",
        "backends": {**dict.fromkeys(BACKENDS, "1.0"), "numpy": None},
        "checks": checks,
        "results": list(results),
    }


def three(target, check, findings=(), on=BACKENDS, why=""):
    return [result(target, check, b, findings if b in on else (), why) for b in BACKENDS]


SHORT = report(
    *three("good.py:Good", "value"),
    *three("good.py:Good", "hard inputs"),
    *three("bad.py:Bad", "value", why="it was left out"),
    *three("bad.py:Bad", "hard inputs", [finding(advice="Use a second where.")], on=("jax", "torch")),
)


def test_page_has_every_result_and_every_meaning():
    made = page(SHORT)
    assert made.count('title="all: passed"') == 2  # both checks of the good one
    assert made.count('title="all: skipped"') == 1
    assert made.count('title="tensorflow: passed"') == 1
    assert made.count('title="jax: failed"') == made.count('title="torch: failed"') == 1
    assert "2 of 9 checks failed." in made
    assert "What hard inputs means." in made
    assert "it was left out" in made
    assert "numpy (not installed)" in made


def test_equal_findings_are_told_once_with_their_backends():
    made = page(SHORT)
    assert made.count("gradient at equal inputs is NaN") == 1
    assert "on jax, torch" in made


def test_nothing_failed_is_said():
    made = page(report(*three("good.py:Good", "value")))
    assert "All 3 checks passed." in made
    assert "Failures" not in made


@pytest.mark.parametrize("part", ["text", "inputs", "expected", "received", "error", "advice"])
def test_what_a_finding_says_is_text_and_no_markup(part):
    made = page(report(*three("bad.py:Bad", "value", [finding(**{part: EVIL})])))
    assert "<script" not in made
    assert "&lt;script&gt;" in made


@pytest.mark.parametrize("part", ["made", "command", "keras", "python", "keraslosses"])
def test_what_was_run_is_text_and_no_markup(part):
    assert "<script" not in page({**SHORT, part: EVIL})


def test_names_and_reasons_are_text_and_no_markup():
    results = [*three(EVIL, EVIL, [finding()]), *three(EVIL, "value", why=EVIL)]
    made = page({**report(*results), "backends": {EVIL: EVIL}, "checks": {EVIL: EVIL, "value": EVIL}})
    assert "<script" not in made


def test_page_names_nothing_outside_itself():
    made = page(SHORT)
    assert re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'>)]+)""", made) == [
        "data:,",
        "#failure-1-hard-inputs",
        "#failure-1-hard-inputs",
    ]
    assert "@import" not in made


@pytest.fixture
def browser(tmp_path):
    driver = chromium(tmp_path / "profile")
    yield driver
    driver.quit()


def test_a_browser_shows_the_table_unfolds_failures_and_asks_nobody(browser, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(page(SHORT), encoding="utf-8")
    browser.get("about:blank")
    requests_of(browser)  # Those of the browser's own first page.
    browser.get(file.as_uri())
    rows = browser.find_elements(By.CSS_SELECTOR, "tbody tr")
    assert [row.find_element(By.TAG_NAME, "th").text for row in rows] == ["good.py:Good", "bad.py:Bad"]
    assert len(rows[1].find_elements(By.TAG_NAME, "td")) == 2
    text = browser.find_element(By.CSS_SELECTOR, "details .finding p")
    assert not text.is_displayed()
    browser.find_element(By.TAG_NAME, "summary").click()
    assert text.is_displayed()
    assert text.text == "gradient at equal inputs is NaN"
    browser.find_element(By.TAG_NAME, "summary").click()
    assert not text.is_displayed()
    rows[1].find_element(By.TAG_NAME, "a").click()
    assert text.is_displayed()
    requests = requests_of(browser)
    assert requests
    assert {url.split("#")[0] for url in requests} <= {file.as_uri(), "data:,"}
