"""The list of what is in the package: what it holds, how it prints, and what it says to wrong use."""

import inspect
import json
import re
from pathlib import Path

import keras
import pytest
from typer.testing import CliRunner

import keraslosses
from keraslosses.cli.app import app
from keraslosses.cli.catalogue import FRAME_OPTIONS, KINDS, NEEDED, catalogue
from keraslosses.lookup import CLASSES
from keraslosses.reference import REFERENCES
from keraslosses.reference.by_task import BY_TASK
from keraslosses.reference.uses import TASKS, USES_OF_OTHERS

ENTRIES = {entry.name: entry for entry in catalogue()}


def invoke(*arguments, columns=200):
    return CliRunner(env={"COLUMNS": str(columns), "TERM": "dumb"}).invoke(app, ["list", *arguments])


# What it holds


def test_every_public_loss_layer_and_metric_is_listed():
    """But for the bases, and sums, which `+` makes."""
    kinds = keras.losses.Loss | keras.layers.Layer | keras.metrics.Metric
    public = {name: getattr(keraslosses, name) for name in keraslosses.__all__}
    classes = {name for name, thing in public.items() if inspect.isclass(thing) and issubclass(thing, kinds)}
    assert set(ENTRIES) == classes - {"FunctionLoss", "Loss", "WeightedSum"}
    assert len(catalogue()) == len(ENTRIES)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_options_and_defaults_are_those_of_an_instance(name):
    """A config holds every option, in the words of Keras and not of the signature."""
    options = ENTRIES[name].options
    given = {key: REFERENCES[name].options[0][key] for key, default in options.items() if default is NEEDED}
    config = CLASSES[name](**given).get_config()
    held = {key: value for key, value in config.items() if key not in FRAME_OPTIONS}
    assert {**options, **given} == held


def test_losses_say_what_they_read_and_where_they_are_from():
    for name, reference in REFERENCES.items():
        entry = ENTRIES[name]
        assert (entry.family, entry.paper) == (reference.family, reference.source)
        assert entry.inputs == reference.kind.text
        assert not entry.inputs.endswith(".")


def test_what_is_read_is_said_to_its_end():
    assert ENTRIES["FCOS"].inputs == (
        'For each location of each image a class, background or "ignored", and the distances to the edges of its '
        "box, against logits, distances and a logit of the centerness"
    )
    assert ENTRIES["Circle"].inputs == "The class of each sample of a batch, against vectors of length 1"
    assert ENTRIES["CenterLoss"].paper == (
        "Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition, 2016, equations 2 to 4"
    )
    assert ENTRIES["CosineDense"].inputs.startswith("features `(batch, .., dim)`, outputs")


def test_a_wrapper_is_listed_with_its_options():
    found = ENTRIES["HardExamples"]
    assert found.options == {"loss": NEEDED, "fraction": 0.25, "at_least": 1, "per": "batch"}
    assert found.task == "Around another loss" and found.inputs.startswith(
        "y_true and y_pred as the inner loss"
    )


def test_layers_and_metrics_list_their_own_options():
    assert ENTRIES["CenterLoss"].options == {
        "num_classes": NEEDED, "alpha": 0.5, "weight": 1.0, "initializer": "zeros"
    }  # fmt: skip
    assert ENTRIES["EditDistance"].options == {"blank_index": 0}
    assert {entry.family for entry in ENTRIES.values()} >= set(KINDS)


# How it prints


def test_json_is_all_that_is_printed_and_holds_everything():
    result = invoke("--json")
    assert result.exit_code == 0 and result.stderr == ""
    listed = json.loads(result.stdout)["results"]
    assert [entry["name"] for entry in listed] == list(ENTRIES)
    assert all(
        list(entry) == ["name", "family", "task", "purpose", "inputs", "options", "paper"] for entry in listed
    )


def test_json_tells_options_that_are_needed_from_those_that_are_none():
    (found,) = json.loads(invoke("FCOS", "--json").stdout)["results"]
    assert found["options"] == [
        {"name": "num_classes", "required": True},
        {"name": "alpha", "required": False, "default": 0.25},
        {"name": "gamma", "required": False, "default": 2.0},
        {"name": "box_loss", "required": False, "default": None},
    ]
    assert found["paper"] == "Tian et al., FCOS, 2019, equations 2 and 3"


def test_eighty_columns_hold_every_word():
    """Nothing is cut off: the words are those of a terminal that has room for all."""
    narrow, wide = invoke(*ENTRIES, columns=80), invoke(*ENTRIES, columns=1000)
    assert max(map(len, narrow.stdout.splitlines())) <= 80
    assert narrow.stdout.split() == wide.stdout.split()
    lines = {line.strip() for line in narrow.stdout.splitlines()}
    assert lines >= {entry.family for entry in ENTRIES.values()} | set(ENTRIES)


def test_without_names_each_has_a_line_of_eighty_columns_below_its_task():
    lines = [line.rstrip() for line in invoke(columns=80).stdout.splitlines()]
    expected = []
    for task, purposes in BY_TASK.items():
        expected += [task, *(["", name, text] for name, text in purposes.items()), ""]
    assert max(map(len, lines)) <= 80
    assert [re.split(r"  +", line) if line.startswith(" ") else line for line in lines[:-1]] == expected
    assert lines[-1] == "keraslosses list NAME tells the inputs, options and paper of one."
    lines = [line.strip() for line in invoke("--family", "focal").stdout.splitlines()]
    assert lines[:2] == ["Yes or no", "BinaryFocalCrossentropy  few positives among many easy negatives"]
    assert lines[3] == "One class of several" and len(lines) == 8


def test_each_is_listed_once_below_the_first_task_of_its_uses():
    listed = [name for purposes in BY_TASK.values() for name in purposes]
    assert sorted(listed) == sorted(ENTRIES)
    assert tuple(BY_TASK)[: len(TASKS)] == TASKS
    for name, entry in ENTRIES.items():
        uses = REFERENCES[name].uses if name in REFERENCES else USES_OF_OTHERS.get(name, ())
        tasks = [use.place for use in uses if use.place in TASKS]
        assert not tasks or entry.task == tasks[0]
        assert entry.purpose[-1] not in ".;" and "`" not in entry.purpose


def test_an_entry_is_printed_with_its_facts():
    lines = [" ".join(line.split()) for line in invoke("Huber", "FCOS").stdout.splitlines() if line.strip()]
    assert lines[:5] == [
        "robust",
        "Huber",
        "inputs Real numbers",
        "options delta=1.0",
        "paper Huber, Robust Estimation of a Location Parameter, 1964",
    ]
    assert "options num_classes (needed), alpha=0.25, gamma=2.0, box_loss=None" in lines


def test_the_page_shows_what_the_command_prints():
    page = (Path(__file__).parents[1] / "docs" / "commands.md").read_text("utf-8")
    short, long = re.findall(r"```text\n(.*?)```", page, re.DOTALL)

    def printed(*names):
        return "\n".join(line.rstrip() for line in invoke(*names, columns=80).stdout.splitlines())

    assert short in printed()
    assert long.strip() == printed("Huber", "MultiTaskDetection").strip()


def test_names_and_family_choose():
    def listed(*arguments):
        return [entry["name"] for entry in json.loads(invoke(*arguments, "--json").stdout)["results"]]

    assert listed("Tversky", "Huber") == ["Huber", "Tversky"]
    assert listed("TVERSKY", "center_loss", "editdistance") == ["Tversky", "CenterLoss", "EditDistance"]
    of_family = [name for name, reference in REFERENCES.items() if reference.family == "segmentation"]
    assert sorted(listed("--family", "Segmentation")) == sorted(of_family)
    assert listed("Tversky", "Huber", "--family", "robust") == ["Huber"]


# Wrong use


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Hubert"], "NAME: keraslosses has no 'Hubert'; choose from AMSoftmax, "),
        (["--family", "faces"], "--family: 'faces' is not a family; choose from regression, robust, "),
        (["Huber", "--family", "boxes"], "--family: none of Huber belongs to the family 'boxes'"),
        (["Hubert"], "WeightedKappa. Did you mean 'Huber'?"),
        (["--family", "box"], "metrics. Did you mean 'boxes'?"),
    ],
)
def test_wrong_use_is_an_error_of_usage(arguments, said):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""
