"""The kinds of inputs: each is described as a whole, used, and asked for its traits, never for its name."""

import ast
from pathlib import Path

import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.cli.bench.cases import SIZES
from keraslosses.portability.checks.lifecycle import layer_for
from keraslosses.portability.gradients import usual_values_of
from keraslosses.reference import REFERENCES, kinds
from keraslosses.reference.entry import rounded

PACKAGE = Path(keraslosses.__file__).parent
# Kinds that no loss of the package reads; a user can ask for them.
USER_ONLY = set()
DETECTION = {"num_classes": 2}
BY_NAME = {kind.name: kind for kind in kinds.KINDS}
OF_KIND = {kind: [e for e in REFERENCES.values() if e.kind is kind] for kind in kinds.KINDS}

each_kind = pytest.mark.parametrize("kind", kinds.KINDS, ids=list(BY_NAME))


def drawn(kind, **options):
    return map(rounded, kind.draw(np.random.default_rng(0), {**DETECTION, **options}, (4,)))


def test_every_kind_is_listed_once_and_used():
    used = {entry.kind for entry in REFERENCES.values()}
    assert len(BY_NAME) == len(kinds.KINDS)
    assert used | USER_ONLY == set(kinds.KINDS)
    assert not used & USER_ONLY and all(kind.named for kind in USER_ONLY)


def test_every_name_of_a_user_is_of_one_kind():
    names = [named.name for kind in kinds.KINDS for named in kind.named]
    assert len(set(names)) == len(names)


@each_kind
def test_the_smallest_pair_is_legal(kind):
    """Formula and loss give finite numbers for it, and the same."""
    y_true, y_pred = (rounded(np.asarray(part)) for part in kind.smallest)
    assert y_pred.dtype == "float32" and len(y_true) == len(y_pred)
    for entry in OF_KIND[kind]:
        options = entry.for_classes(entry.options[0], y_pred.shape[-1])
        expected = entry.values(y_true, y_pred, options)
        assert np.isfinite(expected).all()
        loss = getattr(keraslosses, entry.name)(reduction="none", **options)
        np.testing.assert_allclose(usual_values_of(loss, y_true, y_pred), expected, rtol=1e-4, atol=1e-6)


@each_kind
def test_the_smallest_pair_is_like_a_drawn_one(kind):
    small, usual = map(np.asarray, kind.smallest), drawn(kind)
    for one, other in zip(small, usual, strict=True):
        assert (one.ndim, one.dtype.kind) == (other.ndim, other.dtype.kind)


@each_kind
def test_the_layer_makes_predictions_of_the_kind(kind):
    y_true, y_pred = drawn(kind)
    numbers = np.random.default_rng(1).normal(0, 2, y_pred.shape).astype("float32")
    made = ops.convert_to_numpy(layer_for(kind)(ops.convert_to_tensor(numbers)))
    assert made.shape == y_pred.shape
    if kind.holds_probabilities({}):
        assert made.min() >= 0 and made.max() <= 1
    if kind.cosines:
        assert np.abs(made).max() <= 1
    for entry in OF_KIND[kind]:
        assert np.isfinite(entry.values(y_true, made, entry.options[0])).all()


@each_kind
def test_the_benchmark_can_measure_it(kind):
    """In every size; the smallest is drawn."""
    assert list(kind.sizes.shapes) == list(SIZES)
    shape = kind.sizes.shapes[SIZES[0]]
    y_true, y_pred = kind.sizes.draw(np.random.default_rng(0), shape, {})
    assert y_pred.shape == shape and y_pred.dtype == "float32"
    assert len(y_true) == len(y_pred)
    assert y_true.dtype.kind == "i" or y_true.dtype == "float32"


def test_boxes_of_the_benchmark_have_a_width_and_a_height():
    """For others, the peers compute something else."""
    sizes = REFERENCES["GIoU"].kind.sizes
    for boxes in sizes.draw(np.random.default_rng(0), sizes.shapes["small"], {}):
        assert (boxes[:, 2:] > boxes[:, :2]).all()


@each_kind
def test_what_is_outside_is_so_in_the_first_sample_only(kind):
    pair = [*drawn(kind)]
    found = kind.outside({}, *pair)
    assert bool(found) == bool(kind.wrong_targets or kind.holds_probabilities({}))
    for case in found:
        changed = [
            bool((new[0] != old[0]).any()) for new, old in zip((case.y_true, case.y_pred), pair, strict=True)
        ]
        assert sum(changed) == 1
        assert (case.y_true[1:] == pair[0][1:]).all() and (case.y_pred[1:] == pair[1][1:]).all()


@each_kind
def test_the_slope_of_a_path_is_how_its_predictions_move(kind):
    """It agrees with a difference over a wider step."""
    path = kind.path(DETECTION)
    assert path.span[0] < path.span[1] and 1 <= len(path.cases) <= 2
    for case in path.cases:
        for x in np.linspace(*path.span, 5)[1:-1, None]:
            wide = (case.y_pred(x + 1e-3) - case.y_pred(x - 1e-3)) / 2e-3
            np.testing.assert_allclose(case.slope(x), wide, rtol=1e-3, atol=1e-6)
            assert np.abs(case.slope(x)).max() > 1e-3


@each_kind
def test_traits_agree_with_what_is_drawn(kind):
    y_true, y_pred = drawn(kind)
    if kind.labels:
        assert y_true.dtype == "int32" and y_true.shape == y_pred.shape[:-1]
    if kind.elementwise:
        assert y_true.dtype == "float32" and y_true.shape == y_pred.shape
    assert kind.signs == (set(np.unique(y_true)) == {-1.0, 1.0})
    within = y_pred.min() >= 0 and y_pred.max() <= 1
    assert within == kind.holds_probabilities({}) or kind is kinds.POSITIVE
    assert not (kind.cosines and np.abs(y_pred).max() > 1)
    if kind.width is not None:
        assert y_pred.shape[-1] == kind.width == kind.shape[-1]


# Nobody asks for a name

NAMES = {*BY_NAME, *(named.name for kind in kinds.KINDS for named in kind.named)}
ROOMS = ("portability", "cli", "testing.py")


def by_name(source):
    """The places where code asks for a kind by its name: keys of tables, comparisons, `kind.name`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith(("kind.name", "draw.__name__")):
            yield ast.unparse(node)
        asked = node.keys if isinstance(node, ast.Dict) else []
        if isinstance(node, ast.Compare):
            asked = [part for side in (node.left, *node.comparators) for part in ast.walk(side)]
        yield from (part.value for part in asked if isinstance(part, ast.Constant) and part.value in NAMES)


def test_no_module_outside_the_reference_asks_for_a_name():
    paths = [path for room in ROOMS for path in (PACKAGE / room, *(PACKAGE / room).rglob("*.py"))]
    paths += Path(__file__).parent.glob("*.py")
    sources = {path: path.read_text("utf-8") for path in paths if path.suffix == ".py"}
    assert len(sources) > 100
    found = {path: list(by_name(source)) for path, source in sources.items() if path != Path(__file__)}
    assert {path.name: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("TABLE = {'label_lists': 1, 'x': 2}", ["label_lists"]),
        ("if subject.reference.kind.name == 'real': pass", ["subject.reference.kind.name", "real"]),
        ("x = kind in ('binary-logits', 'y')", ["binary-logits"]),
        ("x = TABLE[reference.draw.__name__]", ["reference.draw.__name__"]),
        ("x = Drawn(named='real'), kind.labels, loss.name", []),
    ],
)
def test_the_finder_sees_every_form(source, found):
    assert sorted(by_name(source)) == sorted(found)
