"""What is filled into pages that are written by hand, each in the place of a marker."""

from collections.abc import Sequence
from functools import partial
from itertools import groupby

import pages
from drawings.speed import BENCH, SPEED
from elsewhere import what_to_know

from keraslosses.cli.choose import answers, call
from keraslosses.cli.migrate.row import Row
from keraslosses.cli.migrate.table import FOR_JAX, FOR_KERAS, FOR_MASKS_ON_TORCH, FOR_TORCH, OF_TORCH, Tables
from keraslosses.portability.report.advice import ADVICE
from keraslosses.reference import REFERENCES, Use
from keraslosses.reference.uses import SYMPTOMS, TASKS, TASKS_OF_EMBEDDINGS


def losses_by_family() -> str:
    """A table for each family, from the references: each loss with what it is for."""
    lines: list[str] = []
    for family, group in groupby(REFERENCES.values(), lambda entry: entry.family):
        entries = list(group)
        lines += ["", f"## {family.capitalize()}", ""]
        rows = [(f"[{e.name}](api/{e.name}.md)", e.purpose, e.kind.text) for e in entries]
        lines += [pages.table(("loss", "for", "inputs"), rows, "losses"), ""]
        lines += pages.toctree([e.name for e in entries])
    made_of_losses = [name for name in pages.names_of("Losses") if name not in REFERENCES]
    rows = [(f"[{name}](api/{name}.md)", pages.uses_of(name)[0].when) for name in made_of_losses]
    lines += ["## Made of losses", "", pages.table(("loss", "for"), rows, "losses")]
    return "\n".join([*lines, *pages.toctree(made_of_losses)])


def public_names() -> str:
    """Every public name, with a link to its page."""
    lines: list[str] = []
    for title in ("Losses", "Layers", "Metrics"):
        names = pages.names_of(title)
        lines += [
            f"## {title}",
            "",
            "| class | function |" if title == "Losses" else "| class | |",
            "|---|---|",
        ]
        lines += [f"| [{name}](api/{name}.md) | {function_of(name) or ''} |" for name in names]
        lines += pages.toctree(names) if title != "Losses" else [""]
    functions = pages.other_functions()
    lines += ["## Functions", "", *(f"- [`{name}`](api/{name}.md)" for name in functions)]
    lines += pages.toctree(functions)
    others = ["other-names", *map(pages.file_of, pages.listings())]
    lines += ["## Others", "", *(f"- [](api/{name}.md)" for name in others), *pages.toctree(others)]
    return "\n".join(lines)


def function_of(name: str) -> str | None:
    return f"`{REFERENCES[name].function}`" if name in REFERENCES else None


def which_loss(places: Sequence[str]) -> str:
    """The answers for tasks or symptoms."""
    lines: list[str] = []
    for place in places:
        rows = [answer(name, use) for name, use in answers(place)]
        lines += [f"## {place}", "", pages.table(("start with", "use it when", "not when"), rows), ""]
    return "\n".join(lines)


def answer(name: str, use: Use) -> tuple[str, str, str]:
    return f"[`{call(name, use)}`](api/{name}.md)", use.when, use.when_not


def codes() -> str:
    """The codes of the checker's findings, each with what to do."""
    rows = [f"| `{code}` | {text.replace('|', chr(92) + '|')} |" for code, text in ADVICE.items()]
    return "\n".join(["| code | what to do |", "|---|---|", *rows])


def speed() -> str:
    return f"![{SPEED.caption}](api/speed.png)\n\n{SPEED.caption}"


def bench(part: str) -> str:
    """The table of one mode of the benchmark, or what stands before the tables."""
    before, *tables = BENCH.read_text("utf-8").split("\n### ")
    by_part = {"summary": before} | dict(one.split("\n", 1) for one in tables)
    return by_part[part].strip()


def bench_summary() -> str:
    """What stands before the tables, without the rows of the small size: there are too many."""
    return "\n".join(line for line in bench("summary").splitlines() if ", small: " not in line)


HEAD_OF_MIGRATIONS = ("theirs", "here", "what to know")


def migrations(tables: Tables) -> str:
    """The losses of other libraries, a table for each library."""
    lines: list[str] = []
    for library, rows in tables.items():
        cells = [(f"`{row.theirs}`", migrated(row), what_to_know(row)) for row in rows]
        lines += [f"## {library}", "", pages.table(HEAD_OF_MIGRATIONS, cells, "migrations"), ""]
    return "\n".join(lines)


def migrated(row: Row) -> str:
    """The code that takes the place of a loss, with a link to the page of our loss."""
    code = f"`{row.here.replace('keraslosses.', '')}`"
    return f"[{code}](api/{row.name}.md)" if row.name else code if row.here else "none"


OTHER_TASKS = [task for task in TASKS if task not in TASKS_OF_EMBEDDINGS]
# By the page: the marker, and what stands in its place.
TABLES = {
    "api": ("<!-- public names -->", public_names),
    "losses": ("<!-- losses by family -->", losses_by_family),
    "which-loss": ("<!-- tasks -->", partial(which_loss, OTHER_TASKS)),
    "which-embedding": ("<!-- tasks of embeddings -->", partial(which_loss, TASKS_OF_EMBEDDINGS)),
    "symptoms": ("<!-- symptoms -->", partial(which_loss, SYMPTOMS)),
    "check-codes": ("<!-- codes -->", codes),
    "performance": ("<!-- speed -->", speed),
    "performance-results": ("<!-- bench summary -->", bench_summary),
    "performance-tensorflow": ("<!-- bench tensorflow -->", partial(bench, "tensorflow")),
    "performance-xla": ("<!-- bench tensorflow, XLA -->", partial(bench, "tensorflow, XLA")),
    "performance-jax": ("<!-- bench jax -->", partial(bench, "jax")),
    "performance-torch": ("<!-- bench torch -->", partial(bench, "torch")),
    "migrate": ("<!-- losses of libraries for Keras and JAX -->", partial(migrations, FOR_KERAS | FOR_JAX)),
    "migrate-torch": ("<!-- losses of torch -->", partial(migrations, OF_TORCH)),
    "migrate-torch-masks": (
        "<!-- losses of libraries for masks on torch -->",
        partial(migrations, FOR_MASKS_ON_TORCH),
    ),
    "migrate-torch-libraries": ("<!-- losses of libraries for torch -->", partial(migrations, FOR_TORCH)),
}


def fill_page(app: object, docname: str, source: list[str]) -> None:
    """Put the table of a page in the place of its marker."""
    if docname in TABLES:
        marker, table = TABLES[docname]
        if marker not in source[0]:
            raise ValueError(f"docs/{docname}.md must hold the line {marker}")
        source[0] = source[0].replace(marker, table())
