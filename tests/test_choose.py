"""`keraslosses choose` answers as the page "Which loss?" does."""

import json

import pytest
from typer.testing import CliRunner

from keraslosses.cli.app import app
from keraslosses.reference.uses import SYMPTOMS, TASKS


def invoke(*arguments):
    return CliRunner().invoke(app, ["choose", *arguments], env={"COLUMNS": "100"})


def test_without_words_it_lists_the_tasks_and_symptoms():
    said = invoke().stdout
    assert all(f"  {place}\n" in said for place in (*TASKS, *SYMPTOMS))


def test_a_word_finds_the_losses_with_their_options():
    said = invoke("lesions").stdout
    assert "Small lesions and other small things are missed\n" in said
    assert "  Tversky(alpha=" in said
    assert "    when " in said and "    not " in said
    assert "Sequences" not in said


def test_all_words_must_be_there_in_any_case():
    assert "CTC" in invoke("ALIGNED", "frames").stdout
    assert invoke("aligned", "lesions").exit_code == 2


def test_an_unknown_word_is_an_error_with_a_suggestion():
    result = invoke("lesion_s")
    assert result.exit_code == 2
    assert "Did you mean 'lesions'?" in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize("words", [[], ["overlap"]])
def test_json_holds_the_answers(words):
    found = json.loads(invoke(*words, "--json").stdout)["results"]
    assert {entry["place"] for entry in found} == {
        p for p in (*TASKS, *SYMPTOMS) if all(w in p.lower() for w in words)
    }
    assert all(entry.keys() == {"place", "name", "options", "when", "not"} for entry in found)
