"""What a finding says of an exception."""

from pathlib import Path

import numpy as np
import pytest

from keraslosses.portability.checks import findings
from keraslosses.portability.finding import disagreement, in_words, of_error, way_to
from keraslosses.portability.targets.target import Target, open_target

USERS = Path(__file__).parent / "user_losses"


def raised_by(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_only_the_users_own_lines_lead_to_an_error():
    (finding, *_) = findings("value", open_target(Target(f"{USERS}/raises.py:raises")))
    assert finding.text == "raises RuntimeError: out of luck"
    files = [line for line in finding.error.splitlines() if line.startswith("  File")]
    assert len(files) == 1
    assert f'{USERS}/raises.py", line 5' in files[0]
    assert 'raise RuntimeError("out of luck")' in finding.error


def test_the_line_that_raised_is_told_where_it_is_a_librarys():
    text = way_to(raised_by(int, "x"))
    assert "test_finding.py" in text
    assert text.endswith("ValueError: invalid literal for int() with base 10: 'x'\n")


@pytest.mark.parametrize(
    ("code", "received", "found"),
    [
        ("value-differs", [1.0, 3.0], "value-differs"),
        ("value-differs", [1.0, np.nan], "value-not-finite"),
        ("gradient-differs", [np.inf, 2.0], "gradient-not-finite"),
        ("weights-differ", [1.0, np.nan], "weights-differ"),
        ("gradient-differs", None, "no-gradient"),
    ],
)
def test_a_difference_has_the_code_of_what_came(code, received, found):
    (finding,) = disagreement(code, "it", [1.0, 2.0], received)
    assert finding.code == found


def test_a_number_where_nan_is_expected_differs():
    (finding,) = disagreement("value-differs", "it", [np.nan], [1.0])
    assert finding.code == "value-differs"


def test_an_error_is_told_without_colours_and_shortened():
    error = RuntimeError("\x1b[31mred\x1b[0m " + "x" * 9000)
    assert in_words(error).startswith("RuntimeError: red x")
    assert len(of_error(error).text) < 600
    assert len(of_error(error).error) < 1200
    assert "\x1b" not in of_error(error).error
