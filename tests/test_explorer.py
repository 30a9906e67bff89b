"""The explorer of the docs computes what the package computes: the same values, gradients, options and axes."""

import dataclasses
import math
import re

import numpy as np
import pytest
from browser import chromium
from explorer_page import DOCS, explorer_in, open_explorer
from keras import ops

import keraslosses
from keraslosses.cli.catalogue import options_of
from keraslosses.cli.plot.figure import COLOURS
from keraslosses.losses.margin_of import margin_of
from keraslosses.portability.gradients import float64_allowed, of_each
from keraslosses.reference import REFERENCES
from keraslosses.reference.kinds.path import CLASSES, case

SCRIPTS = "".join(path.read_text("utf-8") for path in sorted((DOCS / "_static/explorer").glob("*.js")))
# An axis of the explorer says whether predictions are logits. The others change no curve, or have no slider.
NOT_SHOWN = {"from_logits", "axis", "ignore_class", "class_weights", "box_format"}
# Options of regions: the explorer shows the plain losses of one mask.
NOT_SHOWN |= {"squared", "smooth", "multi_label", "class_axis", "absent"}
NOT_SHOWN |= {"truncation", "log_input", "full"}
# The axes whose target is a slider, with y_true for a number of this slider.
TARGETS = {
    "amount": lambda t: [t],
    "binary_logit": lambda t: [t],
    "binary_probability": lambda t: [t],
    "sign": lambda t: [t],
    "distribution": lambda t: [t] + [(1 - t) / (CLASSES - 1)] * (CLASSES - 1),
    "listed": lambda t: np.where(np.arange(CLASSES) < t, np.arange(CLASSES), -1),
}
# Points far outside the slider.
EXTREMES = {
    "error": (-1e4, -1e-9, 1e-9, 1e4),
    "amount": (0.0, 1e-8, 1e-3, 1e4),
    "binary_logit": (-800.0, -40.0, 40.0, 800.0),
    "binary_probability": (0.0, 1e-9, 1e-4, 1 - 1e-4, 1 - 1e-9, 1.0),
    "sign": (-1e4, 1e4),
    "class_logit": (-800.0, -40.0, 40.0, 800.0),
    "class_probability": (0.0, 1e-9, 1e-4, 1 - 1e-4, 1 - 1e-9, 1.0),
    "distribution": (0.0, 1e-9, 1e-4, 1 - 1e-4, 1.0),
    "listed": (-1e4, 1e4),
    "direction": (),
    "region": (),
    "angle": (),
}
TOLERANCE = {"rtol": 1e-6, "atol": 1e-9}


def test_every_loss_is_in_the_explorer_or_has_a_reason():
    unknown = [name for name in REFERENCES if not re.search(rf"^\s+{name}: [{{\"a-z]", SCRIPTS, re.MULTILINE)]
    assert unknown == [], "add them to docs/_static/explorer, or to `explorer.missing` there with the reason"


def test_colours_are_those_of_the_pictures():
    used = re.findall(r"#[0-9a-f]{6}", (DOCS / "_static/explorer/explorer.css").read_text("utf-8"))
    assert used and set(used) <= set(COLOURS)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page, open in a browser."""
    folder = tmp_path_factory.mktemp("explorer")
    with chromium(folder / "profile") as browser:
        open_explorer(browser, explorer_in(folder))
        yield browser


@pytest.fixture(scope="module")
def tables(page):
    """The tables of the explorer: axes, losses, boxLosses and missing."""
    names = "axes", "losses", "boxLosses", "missing"
    return {
        name: page.execute_script(f"return JSON.parse(JSON.stringify(explorer.{name}))") for name in names
    }


@pytest.fixture(autouse=True)
def float64():
    with float64_allowed():
        yield


def choices_of(options):
    """The start; all numbers at their least, in the middle, at their most; each switch and choice."""
    numbers = {name: option for name, option in options.items() if "step" in option}
    in_the_middle = {name: middle(option) for name, option in numbers.items()}
    yield {}
    if numbers:
        yield {name: option["least"] for name, option in numbers.items()}
        yield in_the_middle
        yield {name: option["most"] for name, option in numbers.items()}
    for name, option in options.items():
        yield from ({**in_the_middle, name: value} for value in switched(option))


def switched(option):
    """The values of an option that is no number."""
    if "choices" in option:
        return [value for value, _ in option["choices"]]
    return [] if "step" in option else [not option["start"]]


def middle(option):
    steps = round((option["most"] - option["least"]) / option["step"] / 3)
    return option["least"] + steps * option["step"]


@pytest.mark.deep
def test_no_loss_is_told_twice(tables):
    here = [name for name, loss in tables["losses"].items() if "same" not in loss]
    told = [*here, *tables["boxLosses"], *tables["missing"]]
    assert sorted(told) == sorted(REFERENCES)
    assert all(reason.endswith(".") for reason in tables["missing"].values())


@pytest.mark.deep
def test_options_have_the_names_and_defaults_of_the_package(tables):
    for name, loss in [*tables["losses"].items(), *tables["boxLosses"].items()]:
        if "same" in loss:
            continue
        defaults = {o: d for o, d in options_of(getattr(keraslosses, name)).items() if o not in NOT_SHOWN}
        shown = {option: description["start"] for option, description in loss.get("options", {}).items()}
        # None as a weight means that nothing is weighted: 1.
        assert shown == {o: 1 if d is None else d for o, d in defaults.items()}, name
        for description in loss.get("options", {}).values():
            if "step" in description:
                steps = (description["start"] - description["least"]) / description["step"]
                assert math.isclose(steps, round(steps), abs_tol=1e-9), (
                    f"{name}: the slider skips its default"
                )


def of_package(tables, name):
    """The entry of the reference, and options of it that the explorer holds."""
    same = tables["losses"].get(name, {}).get("same", {"loss": name, "options": {}})
    return REFERENCES[same["loss"]], same["options"]


def options_for(entry, axis, options):
    """The options of the package at an axis of the explorer."""
    defaults = options_of_entry(entry)
    logits = {"from_logits": axis.endswith("_logit")} if "from_logits" in defaults else {}
    # A region for each sample, so that one call has all points.
    own = {"axis": -1} if entry.coupled else {}
    whole = {
        option: type(defaults[option])(value)
        for option, value in options.items()
        if defaults[option] is not None
    }
    return {**options, **whole, **logits, **own}


def options_of_entry(entry):
    return options_of(getattr(keraslosses, entry.name))


def cases_of(entry, axis, options, targets):
    """The path of the predictions for each target, in float64."""
    path = entry.kind.path(options)
    if axis in TARGETS:
        paths = [drawn(path, axis, target) for target in targets]
    else:
        paths = [path.cases[0 if target in (None, 1) else 1] for target in targets]
    return [
        dataclasses.replace(one, y_true=wide(one.y_true[0] if entry.coupled else one.y_true)) for one in paths
    ]


def drawn(path, axis, target):
    y_true = np.asarray(TARGETS[axis](target))
    if axis == "listed":
        return case("", y_true.astype("int32"), lambda x: (np.arange(CLASSES) < target) * x[:, None])
    return dataclasses.replace(path.cases[0], y_true=y_true)


def wide(array):
    return array.astype("float64") if array.dtype.kind == "f" else array


def targets_of(axis):
    target = axis.get("target")
    if target is None:
        return [None]
    if "choices" in target:
        return [value for value, _ in target["choices"]]
    return sorted({target["least"], target["start"], target["most"]})


def points_of(name, axis, options):
    """Points along an axis, with the kinks and with numbers far outside."""
    low, high = axis["span"]
    points = [*np.linspace(low, high, 25), *EXTREMES[name]]
    if name in ("error", "class_logit"):
        points += [sign * value for value in options.values() for sign in (1, -1)]
    return np.array(points, "float64")


@dataclasses.dataclass(frozen=True)
class Curve:
    """A loss on an axis with options, at points (x, target), with the inputs of the package there."""

    what: str
    points: list
    calls: list
    case: tuple
    moves: np.ndarray

    def expected(self, values, gradient):
        """Value and slope at each point, from the values and the gradient of the package."""
        assert values.dtype == gradient.dtype == "float64"
        return values, (gradient * self.moves).sum(-1)


def curve_of(tables, name, axis, chosen):
    entry, held = of_package(tables, name)
    options = options_for(entry, axis, {**held, **chosen})
    targets, x = targets_of(tables["axes"][axis]), points_of(axis, tables["axes"][axis], chosen)
    cases = cases_of(entry, axis, options, targets)
    loss = getattr(keraslosses, entry.name)(reduction="none", dtype="float64", **options)
    y_true = np.concatenate([np.repeat(case.y_true[None], len(x), axis=0) for case in cases])
    y_pred = np.concatenate([case.y_pred(x) for case in cases]).astype("float64")
    points = [(float(at), target) for target in targets for at in x]
    return Curve(
        what=f"{name} by {axis} with {chosen}",
        points=points,
        calls=[[axis, name, at, chosen, target] for at, target in points],
        case=(loss, y_true, y_pred, 1.0),
        moves=np.concatenate([case.slope(x) for case in cases]),
    )


def computed(page, calls):
    """The numbers of the explorer for calls (axis, loss, x, options, target)."""
    script = "return arguments[0].map((call) => explorer.at(...call).map((n) => Number.isFinite(n) ? n : String(n)))"
    return np.array(page.execute_script(script, calls), dtype="float64")


def differences(what, received, expected, points):
    """The first point at which the numbers of the explorer are not those of the package."""
    wrong = np.flatnonzero(~np.isclose(received, expected, **TOLERANCE))
    return [f"{what} at {points[i]}: {received[i]}, expected {expected[i]}" for i in wrong[:1]]


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore:`alpha` has no effect unless:UserWarning")
def test_the_numbers_of_the_curves_are_those_of_the_package(page, tables):
    found, compared = [], 0
    for axis in tables["axes"]:
        curves = [curve_of(tables, *one) for one in curves_of(page, tables) if one[1] == axis]
        for curve, numbers in zip(curves, of_each([curve.case for curve in curves]), strict=True):
            received = computed(page, curve.calls).T
            for what, ours, theirs in zip(
                ("value", "slope"), received, curve.expected(*numbers), strict=False
            ):
                found += differences(f"{what} of {curve.what}", ours, theirs, curve.points)
            compared += len(curve.points)
    assert found == []
    assert compared > 4000


def curves_of(page, tables):
    """Each loss on each of its axes with each choice of its options."""
    for name, loss in tables["losses"].items():
        for axis in page.execute_script("return Object.keys(explorer.losses[arguments[0]].at)", name):
            for chosen in choices_of(loss.get("options", {})):
                yield name, axis, chosen


@pytest.mark.deep
def test_axes_are_those_of_the_pictures(page, tables):
    paths = {name: [] for name in tables["axes"]}
    for name, axis, chosen in curves_of(page, tables):
        entry, held = of_package(tables, name)
        paths[axis].append(entry.kind.path(options_for(entry, axis, {**held, **chosen})))
    for name, axis in tables["axes"].items():
        assert (axis["label"], axis["gradient"]) in {(path.axis, path.gradient) for path in paths[name]}
        lows, highs = zip(*(path.span for path in paths[name]), strict=True)
        assert axis["span"] == [min(lows), max(highs)]
        assert all(axis.get("ticks", []) == list(path.ticks) for path in paths[name])
        on_axis = {loss for loss, other, _ in curves_of(page, tables) if other == name}
        assert set(axis["first"]) <= on_axis


@pytest.mark.deep
def test_the_logit_of_an_angle_is_the_scaled_cosine_after_the_margin(page, tables):
    degrees = np.linspace(1, 179, 25)
    cosines = np.cos(np.radians(degrees))
    for name, axis, chosen in curves_of(page, tables):
        if "logit" not in tables["axes"][axis]:
            continue
        entry, held = of_package(tables, name)
        loss = getattr(keraslosses, entry.name)(**options_for(entry, axis, {**held, **chosen}))
        tensor = ops.convert_to_tensor(cosines)
        expected = loss.options["scale"] * ops.convert_to_numpy(margin_of(loss)(tensor, tensor).values)
        received = computed(page, [[axis, name, float(at), chosen] for at in degrees])[:, 2]
        assert differences(f"logit of {name} with {chosen}", received, expected, degrees) == []


# The predicted box against the true box [3, 1.5, 6, 4.5].
TRUE_BOX = [3.0, 1.5, 6.0, 4.5]
PREDICTED_BOXES = {
    "overlapping": [5.0, 2.5, 9.0, 5.0],
    "equal": TRUE_BOX,
    "inside": [4.0, 2.0, 5.0, 3.0],
    "around": [1.0, 1.0, 8.0, 6.0],
    "apart": [7.0, 5.0, 9.0, 5.5],
    "touching": [6.0, 1.5, 8.0, 4.5],
    "two edges in common": [3.0, 1.5, 5.0, 3.0],
    "without width": [4.0, 2.0, 4.0, 3.0],
    "without height, apart": [7.0, 5.0, 9.0, 5.0],
    "a point": [4.0, 2.0, 4.0, 2.0],
    "hardly any overlap": [5.999999, 1.6, 8.0, 4.0],
    "in a corner": [0.0, 0.0, 0.1, 0.1],
}


@pytest.mark.deep
def test_the_numbers_of_the_boxes_are_those_of_the_package(page, tables):
    random = np.sort(np.random.default_rng(5).uniform(0, 6, (2, 40, 2, 2)), axis=2).reshape(2, 40, 4)
    y_true = np.concatenate([np.tile(TRUE_BOX, (len(PREDICTED_BOXES), 1)), random[0]])
    y_pred = np.concatenate([[*PREDICTED_BOXES.values()], random[1]])
    points = [*PREDICTED_BOXES, *range(len(random[0]))]
    chosen_of = [
        (name, chosen)
        for name, loss in tables["boxLosses"].items()
        for chosen in choices_of(loss.get("options", {}))
    ]
    losses = [
        getattr(keraslosses, name)(reduction="none", dtype="float64", **chosen) for name, chosen in chosen_of
    ]
    found = []
    all_numbers = of_each([(loss, y_true, y_pred, 1.0) for loss in losses])
    for (name, chosen), (values, gradient) in zip(chosen_of, all_numbers, strict=True):
        calls = [[name, *pair, chosen] for pair in zip(y_true.tolist(), y_pred.tolist(), strict=True)]
        script = "return arguments[0].map((call) => explorer.atBoxes(...call).flat())"
        received = np.array(page.execute_script(script, calls))
        expected = np.concatenate([values[:, None], gradient], axis=1)
        for what, ours, theirs in zip(("value", *"xyxy"), received.T, expected.T, strict=True):
            found += differences(f"{what} of {name} with {chosen}", ours, theirs, points)
    assert found == []
