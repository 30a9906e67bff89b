"""The report of a run as one HTML page, without scripts and network requests."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from keraslosses.portability.report.result import FAILED, PASSED, SKIPPED, told_once

# The sign of one backend in a cell, so that the status does not depend on the colour alone.
SIGNS = {PASSED: "✓", FAILED: "✗", SKIPPED: "–"}
PARTS = {
    "inputs": "Inputs",
    "expected": "Expected",
    "received": "Received",
    "error": "Error",
    "advice": "What to do",
}


def page(report: dict[str, Any]) -> str:
    """The HTML page of a report. `report` is the data that `check --json` prints."""
    style = files("keraslosses.portability.report").joinpath("page.css").read_text("utf-8")
    parts = [head(report), whole_table(report), *failures(report), *checks(report), *left_out(report)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>Portability report</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def head(report: dict[str, Any]) -> str:
    """The command, the versions, and the result in one sentence."""
    results = report["results"]
    failed, ran = count(results, FAILED), len(results) - count(results, SKIPPED)
    sentence = f"{failed} of {ran} checks failed." if failed else f"All {ran} checks passed."
    versions = ", ".join(
        f"{name} {version if version else '(not installed)'}" for name, version in report["backends"].items()
    )
    return (
        f'<h1>Portability report</h1>\n<p class="{FAILED if failed else PASSED}">{sentence}</p>\n'
        f'<p class="dim">{escape(report["made"])}. keraslosses {escape(report["keraslosses"])}, '
        f"Keras {escape(report['keras'])}, Python {escape(report['python'])}; {escape(versions)}.<br>\n"
        f"<code>{escape(report['command'])}</code></p>"
    )


def count(results: Sequence[dict[str, Any]], status: str) -> int:
    return sum(result["status"] == status for result in results)


def whole_table(report: dict[str, Any]) -> str:
    """The table of targets by checks. Each cell has a sign for each backend."""
    by_place: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for result in report["results"]:
        by_place.setdefault((result["target"], result["check"]), []).append(result)
    targets = targets_of(report["results"])
    columns = "".join(f'<th scope="col">{escape(check)}</th>' for check in report["checks"])
    rows = "\n".join(
        f'<tr><th scope="row">{breakable(target)}</th>'
        + "".join(
            f"<td>{cell(targets.index(target), by_place[target, check])}</td>" for check in report["checks"]
        )
        + "</tr>"
        for target in targets
    )
    backends = ", ".join(name for name, version in report["backends"].items() if version)
    return (
        f'<div class="scroll">\n<table>\n<caption>Backends: {escape(backends)}. '
        "✓ passed, ✗ failed, – skipped.</caption>\n"
        f'<thead><tr><th scope="col">target</th>{columns}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def breakable(target: str) -> str:
    """The name of a target, with line breaks allowed between its parts."""
    return "".join(f"{escape(part)}<wbr>" for part in re.split(r"(?<=[:/.])", target))


def targets_of(results: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(result["target"] for result in results))


def cell(number: int, results: Sequence[dict[str, Any]]) -> str:
    """A sign for each backend, or one sign if all have the same status."""
    if len(results) > 1 and len({result["status"] for result in results}) == 1:
        results = [{**results[0], "backend": "all"}]
    return "<br>".join(sign(number, result) for result in results)


def sign(number: int, result: dict[str, Any]) -> str:
    """The sign of one backend. The sign of a failed check links to the failure."""
    status, backend = result["status"], escape(result["backend"])
    said = f'<span class="{status}" title="{backend}: {status}">{SIGNS[status]} {backend}</span>'
    return f'<a href="#{place(number, result["check"])}">{said}</a>' if status == FAILED else said


def place(number: int, check: str) -> str:
    return escape(f"failure-{number}-{check.replace(' ', '-')}")


def failures(report: dict[str, Any]) -> Iterator[str]:
    """The findings of each failed check, target by target."""
    if count(report["results"], FAILED):
        yield "<h2>Failures</h2>"
    for number, target in enumerate(targets_of(report["results"])):
        failed = [r for r in report["results"] if r["target"] == target and r["status"] == FAILED]
        if failed:
            yield f"<h3>{escape(target)}</h3>"
        for check in dict.fromkeys(result["check"] for result in failed):
            yield failure(number, check, [result for result in failed if result["check"] == check])


def failure(number: int, check: str, results: Sequence[dict[str, Any]]) -> str:
    """One check of one target."""
    backends = ", ".join(dict.fromkeys(result["backend"] for result in results))
    inside = "\n".join(told(finding, on) for finding, on in told_once(results))
    # A browser opens <details> if the target of a link is inside it, so the id is inside.
    return (
        f"<details><summary>{escape(check)} on {escape(backends)}</summary>\n"
        f'<div id="{place(number, check)}">\n{inside}\n</div>\n</details>'
    )


def told(finding: dict[str, str], on: Sequence[str]) -> str:
    """One finding in full."""
    lines = "\n".join(
        f"<dt>{label}</dt><dd>{shown(part, finding[part])}</dd>"
        for part, label in PARTS.items()
        if finding[part]
    )
    return (
        f'<div class="finding">\n<p class="{FAILED}">{escape(finding["text"])}</p>\n'
        f'<p class="dim">on {escape(", ".join(on))}</p>\n<dl>\n{lines}\n</dl>\n</div>'
    )


def shown(part: str, text: str) -> str:
    return escape(text) if part == "advice" else f"<pre>{escape(text)}</pre>"


def checks(report: dict[str, Any]) -> Iterator[str]:
    """The meaning of each check."""
    yield "<h2>The checks</h2>\n<dl>"
    for name, meaning in report["checks"].items():
        yield f"<dt>{escape(name)}</dt><dd>{escape(meaning)}</dd>"
    yield "</dl>"


def left_out(report: dict[str, Any]) -> Iterator[str]:
    """The skipped checks, and why they were skipped."""
    reasons: dict[str, dict[str, None]] = {}
    for result in report["results"]:
        if result["status"] == SKIPPED:
            reasons.setdefault(result["why"], {})[result["check"]] = None
    if reasons:
        yield "<h2>Skipped</h2>\n<dl>"
        for why, names in reasons.items():
            yield f"<dt>{escape(', '.join(names))}</dt><dd>{escape(why)}</dd>"
        yield "</dl>"
