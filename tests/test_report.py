"""What a report says once, and how much of it is printed."""

from io import StringIO

from rich.console import Console

from keraslosses.cli.check.report import failures, reasons
from keraslosses.portability.finding import Finding
from keraslosses.portability.report.result import Result, told_once

UNCHECKED = "option-unchecked"
LOST = "the process was lost in the check 'value'"


def results(target="mine.py:loss", check="value", code="raises", **texts):
    """A failed check as the backends tell it: for each the texts of its findings."""
    return [
        Result(target, check, backend, [Finding(code, text, received=backend) for text in said]).as_json()
        for backend, said in texts.items()
    ]


def printed(found, *targets):
    console = Console(file=StringIO(), width=100)
    for block in failures(found, targets or ["mine.py:loss"]):
        console.print(block)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def test_what_several_backends_say_is_told_once_with_the_numbers_of_the_first():
    first, second = told_once(results(tensorflow=["a", "a"], jax=["b"], torch=["a"]))
    assert (first[0]["text"], first[0]["received"], first[1]) == ("a", "tensorflow", ["tensorflow", "torch"])
    assert (second[0]["text"], second[1]) == ("b", ["jax"])


def test_what_asks_for_the_same_is_told_once_the_rest_of_it_in_a_line_and_what_is_beyond_five_is_counted():
    said = [f"{{'delta': {value}}}: is accepted" for value in range(8)]
    text = printed(
        results(check="options", code=UNCHECKED, tensorflow=said, torch=[*said, "is wrong otherwise"])
    )
    assert text.count("mine.py:loss, options on tensorflow, torch\n  {'delta': 0}: is accepted\n") == 1
    assert text.count("What to do: Check the option in __init__") == 1
    assert text.count("  also: ") == 5
    assert "\n  and 3 more of this target\n" in text
    assert "--json and --output have all." in text


def test_other_checks_of_the_same_cause_are_named():
    found = results(torch=["raises ValueError: shape (3, 5)"])
    found += results(check="fit", torch=["later: raises ValueError: shape (3, 7, 2)"])
    assert printed(found).count("mine.py:loss, value, fit on torch\n  raises ValueError: shape (3, 5)\n") == 1
    found += results(check="batch", torch=["raises TypeError: shape (3, 5)"])
    assert "mine.py:loss, batch on torch\n  raises TypeError" in printed(found)


def test_other_targets_of_a_cause_are_named_with_their_backends_where_they_differ():
    accepted = ["{'delta': 1}: is accepted"]
    targets = [f"mine.py:{name}" for name in ("one", "two", "three", "four", "five", "six")]
    one, two, three = targets[:3]
    found = [
        *results(one, "options", UNCHECKED, tensorflow=accepted, torch=accepted),
        *results(two, "options", UNCHECKED, tensorflow=accepted, torch=accepted),
        *results(three, "options", UNCHECKED, torch=accepted),
    ]
    text = printed(found, *targets)
    assert text.count("is accepted") == 1
    assert "mine.py:one, options on tensorflow, torch\n" in text
    assert "\n  also in two; on torch: three\n" in text


def test_where_almost_all_targets_have_a_cause_the_others_are_named():
    targets = [f"mine.py:{name}" for name in "abcdefgh"]
    found = [one for target in targets[:-1] for one in results(target, torch=["is wrong"])]
    assert "\n  also in all others but h\n" in printed(found, *targets)
    assert "\n  also in all others\n" in printed(found, *targets[:-1])


def test_causes_of_most_targets_come_first_and_long_texts_are_shortened():
    found = [
        *results("mine.py:a", code="hangs", torch=["rare\n" * 9]),
        *results("mine.py:b", torch=["often"]),
        *results("mine.py:c", torch=["often"]),
    ]
    text = printed(found, "mine.py:a", "mine.py:b", "mine.py:c")
    assert text.index("often") < text.index("rare")
    assert text.count("rare") == 5
    assert printed(found[:1]).count("rare") == 9


def test_nothing_is_printed_where_nothing_failed():
    assert printed([]) == ""


def test_what_was_skipped_is_told_with_the_target_where_it_is_one_of_many():
    everywhere = [Result(f"mine.py:{name}", "fit", "jax", why="no fit").as_json() for name in "abcd"]
    lost = Result("mine.py:a", "batch", "jax", why=LOST).as_json()
    assert list(reasons([*everywhere, lost])) == [
        "Skipped: fit. No fit.",
        f"Skipped: batch of mine.py:a on jax. T{LOST[1:]}.",
    ]
