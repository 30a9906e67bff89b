"""The page "Which loss?": every loss has a use, no place has too many losses, and the options are real."""

import inspect
import re
from pathlib import Path

import keras
import pytest

import keraslosses
from keraslosses.cli.migrate.table import TABLES as MIGRATIONS
from keraslosses.lookup import CLASSES
from keraslosses.reference import REFERENCES
from keraslosses.reference.uses import SYMPTOMS, TASKS, TASKS_OF_EMBEDDINGS, USES_OF_OTHERS

DOCS = Path(__file__).parents[1] / "docs"
USES = {name: entry.uses for name, entry in REFERENCES.items()} | USES_OF_OTHERS
MADE_OF_LOSSES = {"CrossBatchMemory", "HardExamples", "WeightedSum"}
ANSWERS = [(name, use) for name, uses in USES.items() for use in uses]


def test_every_loss_has_a_use():
    assert CLASSES.keys() | MADE_OF_LOSSES <= USES.keys()
    assert [name for name, uses in USES.items() if not uses] == []


def test_every_layer_with_a_loss_has_a_use():
    layers = {
        name
        for name in keraslosses.__all__
        if inspect.isclass(thing := getattr(keraslosses, name)) and issubclass(thing, keras.layers.Layer)
    }
    assert layers - USES.keys() == {"CosineDense", "OrdinalDense", "OrdinalThresholds", "SequenceMask"}


def test_every_task_and_symptom_has_one_to_three_losses():
    places = [use.place for _, use in ANSWERS]
    assert set(places) == {*TASKS, *SYMPTOMS}
    assert {place: places.count(place) for place in places if places.count(place) > 3} == {}
    assert len(set(TASKS + SYMPTOMS)) == len(TASKS) + len(SYMPTOMS)


def test_a_loss_answers_a_question_once():
    for name, uses in USES.items():
        assert len({use.place for use in uses}) == len(uses), name


@pytest.mark.parametrize(("name", "use"), ANSWERS, ids=lambda value: getattr(value, "place", value))
def test_the_options_to_start_with_make_the_loss(name, use):
    if name in MADE_OF_LOSSES:
        assert use.start == {}
    else:
        thing = getattr(keraslosses, name)(**use.start)
        assert use.start.keys() <= thing.get_config().keys()


@pytest.mark.parametrize(("name", "use"), ANSWERS, ids=lambda value: getattr(value, "place", value))
def test_when_and_when_not_are_one_sentence_that_names_what_there_is(name, use):
    for sentence in (use.when, use.when_not):
        assert sentence[0].isupper() and sentence.endswith(".") and ". " not in sentence
        assert "|" not in sentence
        for code in re.findall(r"`(\w+)", sentence):
            options = inspect.signature(getattr(keraslosses, name).__init__).parameters
            known = {*keraslosses.__all__, *options, *vars(keras.layers), *vars(keras.activations)}
            known |= {"compile", "loss_weights"}
            assert code in known, f"{name}: {code} is nothing"


QUESTIONS = {
    "small lesions": "Small lesions and other small things are missed",
    "judged by the overlap": "Segmentation judged by intersection over union",
    "areas of very different size": "Segmentation: classes of very different size",
    "vessels": "Thin structures break apart",
    "do not overlap": "The boxes do not overlap",
    "1 %": "Only 1 % of the samples are positive",
    "most of my samples": "A few classes have most of the samples",
    "are wrong": "Some labels are wrong",
    "are missing": "Masks and ignored entries",
    "an order": "Classes in an order: ages, grades, ratings",
    "alignment": "The labels are not aligned with the frames",
    "never seen": "Faces: persons never seen in training",
    "similar images": "Retrieval and embeddings",
    "two towers": "Two towers: texts with images, queries with documents",
    "pairs or triplets": "Pairs or triplets that you choose",
    "no two samples": "Batches with pairs",
    "embeddings find": "How well it finds",
    "tfa.losses.TripletSemiHardLoss": "TensorFlow Addons",
    "tfa.losses.SigmoidFocalCrossEntropy": "TensorFlow Addons",
    "torch.nn.SmoothL1Loss": "torch.nn",
    "NaN": "The loss is NaN",
    "my own loss": "Your own loss",
}


@pytest.mark.parametrize(("words", "heading"), QUESTIONS.items())
def test_the_landing_page_leads_to_the_answer(words, heading):
    """In one click; Sphinx makes a warning of a link that leads nowhere."""
    landing = (DOCS / "index.md").read_text("utf-8")
    (link,) = re.findall(rf"\[[^\]]*{re.escape(words)}[^\]]*\]\(([^)]+)\)", landing)
    page, _, anchor = link.partition("#")
    if page in ("which-loss.md", "which-embedding.md", "symptoms.md"):
        assert heading in (SYMPTOMS if page == "symptoms.md" else TASKS)
        assert (heading in TASKS_OF_EMBEDDINGS) == (page == "which-embedding.md")
    elif page in ("migrate.md", "migrate-torch.md"):
        assert words in {row.theirs for row in MIGRATIONS[heading]}
    else:
        assert re.search(rf"^#+ {heading}$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    assert anchor in ("", re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))


def test_the_lines_of_the_landing_page_run():
    names = {}
    for code in re.findall(r"```python\n(.*?)```", (DOCS / "index.md").read_text("utf-8"), re.DOTALL):
        exec(code, names)
    assert keras.ops.convert_to_numpy(names["per_sample"]).tolist() == [0.5, 6.0]
