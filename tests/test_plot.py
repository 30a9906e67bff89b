"""The pictures of the losses: their curves, how options are read, what is written, what wrong use is told."""

import functools
import json

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import keraslosses
from keraslosses.cli.app import app
from keraslosses.cli.plot import command as plot
from keraslosses.cli.plot import curves as plot_curves
from keraslosses.cli.plot.curves import curves_of
from keraslosses.cli.plot.figure import COLOURS, DASHES, picture
from keraslosses.cli.plot.plotted import plotted
from keraslosses.cli.plot.several import curves_of_all
from keraslosses.reference import REFERENCES
from keraslosses.reference.kinds import path as path_of_kinds

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

BOX_FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh")
# Points of a line at which it is compared with the formula.
PLACES = 7


def each_loss(test):
    """JAX and TensorFlow share the losses: without a compiler, the lines of a loss over pairs take many seconds."""
    every = pytest.mark.parametrize("name", keraslosses.names())
    return pytest.mark.deep_in_turn("jax", "tensorflow")(every(test))


def invoke(*arguments):
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["plot", *arguments])


@functools.cache
def drawn(name):
    return curves_of(plotted(name), [{}])


def lines(name, *choices):
    return curves_of(plotted(name), choices)[1]


# The curves


@each_loss
def test_every_line_is_finite_and_moves(name):
    path, curves = drawn(name)
    assert [curve.case for curve in curves] == [case.label for case in path.cases]
    for curve in curves:
        assert curve.x.shape == curve.loss.shape == curve.gradient.shape
        assert (curve.x[0], curve.x[-1]) == pytest.approx(path.span)
        assert np.all(np.isfinite(curve.loss)) and np.all(np.isfinite(curve.gradient))
        assert np.ptp(curve.loss) > 0.05  # `smooth` makes SoftClDice of a small image flat.
    assert len({curve.loss.tobytes() for curve in curves}) == len(curves)


@each_loss
def test_a_line_is_the_formula_at_its_points(name):
    reference, (path, curves) = REFERENCES[name], drawn(name)
    options = plotted(name).needed
    for case, curve in zip(path.cases, curves, strict=True):
        for place in np.linspace(0, len(curve.x) - 1, PLACES, dtype=int):
            y_pred = case.y_pred(curve.x[place : place + 1]).astype("float32")
            y_true = case.y_true if reference.coupled else case.y_true[None]
            expected = np.sum(reference.values(y_true, y_pred, options)[0])
            assert curve.loss[place] == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(("inputs", "coupled"), [("embeddings", True), ("real", False)])
def test_a_loss_of_a_user_is_drawn_batch_by_batch_if_its_kind_is_coupled(inputs, coupled):
    assert plotted("own_losses:MaskedMae", inputs).coupled is coupled


# Each edge of a bin is a kink, beside which two of the 121 points lie.
AWAY_FROM_KINKS = {"FastAP": 0.8}


@each_loss
def test_the_gradient_is_the_slope_of_the_line(name):
    """Away from kinks, and from what a loss holds constant in its gradient."""
    for curve in drawn(name)[1]:
        slope = np.gradient(curve.loss, curve.x)
        scale = np.max(np.abs(curve.gradient))
        assert scale > 0
        close = np.abs(slope - curve.gradient) < 0.02 * scale
        assert np.mean(close) > AWAY_FROM_KINKS.get(name, 0.95)


def test_an_option_changes_its_line():
    narrow, wide = lines("Huber", {"delta": 0.5}, {"delta": 2.0})
    assert (narrow.loss[0], wide.loss[0]) == pytest.approx((0.5 * (3 - 0.25), 2 * (3 - 1)))
    assert (narrow.gradient[-1], wide.gradient[-1]) == pytest.approx((0.5, 2.0))


def test_logits_and_probabilities_have_axes_of_their_own():
    path, (zero, one) = curves_of(plotted("BinaryCrossentropy"), [{"from_logits": True}])
    assert (path.axis, path.span) == ("predicted logit", (-6, 6))
    assert zero.loss == pytest.approx(one.loss[::-1], abs=1e-5)
    assert zero.loss[0] == pytest.approx(np.log1p(np.exp(6.0)))
    path, (curve,) = curves_of(plotted("SparseCategoricalCrossentropy"), [{"from_logits": True}])
    assert curve.loss[200] == pytest.approx(np.log(path_of_kinds.CLASSES))


def slid(name, options):
    """The true box of each target with the boxes at three offsets, in corners."""
    for case in REFERENCES[name].kind.path(options).cases:
        predicted = case.y_pred(np.array([-2.0, 0.0, 0.5]))
        pair = case.y_true[..., -4:].reshape(1, 4), predicted[..., -4:].reshape(3, 4)
        converted = (keraslosses.convert_boxes(boxes, options["box_format"], "xyxy") for boxes in pair)
        yield [keras.ops.convert_to_numpy(boxes) for boxes in converted]


@pytest.mark.parametrize("box_format", BOX_FORMATS)
@pytest.mark.parametrize(("name", "options"), [("GIoU", {}), ("MultiTaskDetection", {"num_classes": 2})])
def test_the_same_boxes_slide_in_every_format(name, options, box_format):
    same, other = slid(name, {**options, "box_format": box_format})
    for true, _ in (same, other):
        assert np.allclose(true, [[-0.5, -0.5, 0.5, 0.5]])
    assert np.allclose(same[1], [[-2.5, -0.5, -1.5, 0.5], [-0.5, -0.5, 0.5, 0.5], [0.0, -0.5, 1.0, 0.5]])
    assert np.allclose(other[1], [[-3.0, 0.0, -1.0, 0.5], [-1.0, 0.0, 1.0, 0.5], [-0.5, 0.0, 1.5, 0.5]])


def test_the_same_box_is_in_the_middle():
    for name in ("IoU", "GIoU", "DIoU", "CIoU"):
        same, other = drawn(name)[1]
        assert same.loss[len(same.x) // 2] == pytest.approx(0, abs=1e-6)
        assert np.min(other.loss) > 0.1


def test_fcos_slides_its_box_where_the_box_is_asked_about():
    path, (same, other) = curves_of(plotted("FCOS"), [{"box_loss": "diou"}])
    assert path.axis == drawn("DIoU")[0].axis
    expected = drawn("DIoU")[1][0]
    assert same.loss - same.loss[200] == pytest.approx(expected.loss, abs=1e-5)
    assert np.ptp(other.loss) > 0.1


def test_ctc_draws_the_same_wherever_the_blank_is_and_from_probabilities():
    found = lines("CTC", {"blank_index": -1, "from_logits": False})
    for curve, expected in zip(found, drawn("CTC")[1], strict=True):
        assert curve.loss == pytest.approx(expected.loss, rel=1e-4)


def test_labels_say_what_differs_and_what_the_default_is():
    choices = [{"p": 2, "margin": margin} for margin in (0.5, 1.0)]
    assert plot_curves.labels_of(plotted("MultiMargin"), choices) == [
        "margin = 0.5",
        "margin = 1.0 (default)",
    ]
    assert plot_curves.labels_of(plotted("MultiMargin"), choices[:1]) == [""]
    formats = [{"box_format": name} for name in ("xyxy", "xywh")]
    assert plot_curves.labels_of(plotted("GIoU"), formats) == [
        "box_format = xyxy (default)",
        "box_format = xywh",
    ]


# Reading the options


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5,1,2", [0.5, 1, 2]),
        ("-1", [-1]),
        ("None, giou", [None, "giou"]),
        ("true,False,NONE", [True, False, None]),
        ("[1.0, 2.0],[3.0, 4.0]", [[1.0, 2.0], [3.0, 4.0]]),
        ("xyxy", ["xyxy"]),
        ("'a', b", ["a", "b"]),
        ("", []),
    ],
)
def test_values_are_read(text, values):
    assert plot.parsed(text) == values


def test_options_of_the_loss_are_options_of_the_command():
    assert list(plot.bare(["--delta=1,2", "--power", "-1"])) == ["delta=1,2", "power=-1"]
    given = map(plot.split, ["from-logits=True", "pos_weight=1", "pos_weight=2"])
    read = plot.values_of(plotted("BinaryCrossentropy"), list(given))
    assert read == {"from_logits": [True], "pos_weight": [1, 2]}
    assert plot.combined({"p": [1, 2], "margin": [3]}) == [{"p": 1, "margin": 3}, {"p": 2, "margin": 3}]
    assert plot.combined({}) == [{}]


# The picture


def written(path):
    """What is written in an SVG. matplotlib draws letters as shapes, with the text in a comment."""
    return {part.split("-->")[0].strip() for part in path.read_text("utf-8").split("<!--")[1:]}


def test_the_picture_names_loss_options_and_axes(tmp_path):
    path = tmp_path / "new" / "curves.svg"
    result = invoke("Huber", "--delta=0.5,1,2", "--output", str(path))
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"The picture is in {path}\n"
    assert written(path) >= {
        "Huber: delta = 0.5, 1, 2",
        "delta = 0.5",
        "delta = 1 (default)",
        "delta = 2",
        "error, y_pred − y_true",
        "loss",
        "gradient by y_pred",
    }


def test_options_are_given_in_either_way(tmp_path):
    texts = []
    for number, arguments in enumerate((["--power=2,3"], ["--power", "2,3"], ["--option", "power=2,3"])):
        path = tmp_path / f"{number}.svg"
        assert invoke("MeanPowerError", *arguments, "--output", str(path)).exit_code == 0
        texts.append(written(path))
    assert texts[0] == texts[1] == texts[2]
    assert texts[0] >= {"MeanPowerError: power = 2, 3", "power = 3"}


def test_several_losses_share_a_picture(tmp_path):
    """A loss may be written in any case. An option goes to the losses that have it."""
    path = tmp_path / "several.svg"
    result = invoke(
        "huber", "log_cosh", "MEANPOWERERROR", "--delta=0.5,1", "--power", "3", "--output", str(path)
    )
    assert result.exit_code == 0, result.stderr
    assert written(path) >= {
        "Huber: delta = 0.5, 1 and LogCosh and MeanPowerError: power = 3",
        "Huber, delta = 0.5",
        "Huber, delta = 1 (default)",
        "LogCosh",
        "MeanPowerError",
    }


def test_an_option_with_the_name_of_a_loss_is_for_this_loss_only(tmp_path):
    """Losses and options may be written in any case."""
    path = tmp_path / "several.svg"
    options = ["--BALANCED_L1.beta=2", "--smoothl1.Beta", "0.5,1"]
    result = invoke("SmoothL1", "BalancedL1", *options, "--output", str(path))
    assert result.exit_code == 0, result.stderr
    assert written(path) >= {
        "SmoothL1: beta = 0.5, 1 and BalancedL1: beta = 2",
        "SmoothL1, beta = 0.5",
        "SmoothL1, beta = 1 (default)",
        "BalancedL1",
    }


def test_json_holds_every_line(tmp_path):
    path = tmp_path / "huber.png"
    told = json.loads(invoke("Huber", "--delta=0.5,1", "--json", "--output", str(path)).stdout)
    assert (told["title"], told["axis"], told["picture"]) == (
        "Huber: delta = 0.5, 1",
        "error, y_pred − y_true",
        str(path),
    )
    for result, curve in zip(told["results"], lines("Huber", {"delta": 0.5}, {"delta": 1.0}), strict=True):
        assert (result["case"], len(result["options"]) > 0) == (curve.case, True)
        for name in ("x", "loss", "gradient"):
            np.testing.assert_array_equal(result[name], getattr(curve, name))
    assert path.is_file()


def test_the_lines_of_several_losses_are_their_own():
    losses = [plotted("Huber"), plotted("LogCosh")]
    path, (narrow, wide, other) = curves_of_all(losses, [[{"delta": 0.5}, {"delta": 2.0}], [{}]])
    assert path == drawn("Huber")[0]
    for curve, alone in zip((narrow, wide), lines("Huber", {"delta": 0.5}, {"delta": 2.0}), strict=True):
        np.testing.assert_array_equal(curve.loss, alone.loss)
    np.testing.assert_array_equal(other.loss, drawn("LogCosh")[1][0].loss)


def test_a_picture_of_several_losses_is_named_after_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert invoke("huber", "LogCosh").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["Huber-LogCosh.png"]


def test_the_title_names_what_a_loss_needs():
    assert plot.title(plotted("FCOS"), {"gamma": [1, 2]}) == "FCOS: num_classes = 2; gamma = 1, 2"
    assert plot.title(plotted("FCOS"), {"num_classes": [5]}) == "FCOS: num_classes = 5"
    assert plot.title(plotted("Dice"), {}) == "Dice"


def test_a_png_is_written_here_by_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert invoke("MeanSquaredError").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["MeanSquaredError.png"]
    assert (tmp_path / "MeanSquaredError.png").read_bytes().startswith(b"\x89PNG")


LONG = [{"class_weights": [weight] * 10, "label_smoothing": 0.1} for weight in (1.0, 2.0)]


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("MeanPowerError", [{"power": 1 + number / 7} for number in range(len(COLOURS))]),
        ("SparseCategoricalCrossentropy", LONG),
    ],
)
def test_options_with_long_values_fit(name, choices):
    assert_every_word_fits(f"{name}: {'; '.join(map(str, choices))}", *curves_of(plotted(name), choices))


OF_KINDS = {entry.kind: entry.name for entry in REFERENCES.values()}


@pytest.mark.deep_in_turn("jax", "tensorflow")
@pytest.mark.parametrize("name", sorted(OF_KINDS.values()))
def test_what_is_written_by_default_fits(name):
    assert_every_word_fits(name, *drawn(name))


def assert_every_word_fits(title, path, curves):
    """Inside the picture, and on no other."""
    figure = picture(title, path, curves)
    figure.canvas.draw()
    texts = [figure._suptitle, *(text for legend in figure.legends for text in legend.get_texts())]
    texts += [label for axes in figure.axes for label in (axes.xaxis.label, axes.yaxis.label)]
    boxes = [text.get_window_extent() for text in texts]
    for place, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, texts[place]
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, texts[place]
        assert not box.count_overlaps(boxes[:place]), texts[place]


def test_lines_are_told_apart():
    path, curves = curves_of(plotted("Poisson"), [{}])
    left, right = picture("Poisson", path, curves).axes
    assert all(len({line.get_color() for line in axes.lines[:2]}) == 2 for axes in (left, right))
    assert all(len({line.get_linestyle() for line in axes.lines[:2]}) == 2 for axes in (left, right))
    assert len(set(COLOURS)) == len(COLOURS)
    paths = [found.kind.path(found.needed) for found in map(plotted, REFERENCES)]
    assert all(len(path.cases) <= len(DASHES) for path in paths)


def test_a_spike_does_not_flatten_the_other_gradients():
    """-log IoU grows without bound where the boxes part."""
    path, curves = drawn("IoU")[0], [*drawn("IoU")[1], *lines("IoU", {"mode": "log"})]
    _, right = picture("IoU", path, curves).axes
    assert max(np.max(curve.gradient) for curve in curves) > 50 > 20 > right.get_ylim()[1] > 3
    path, curves = drawn("Huber")
    _, right = picture("Huber", path, curves).axes
    assert right.get_ylim() == pytest.approx((-1.1, 1.1), abs=0.01)


def test_a_gradient_is_drawn_with_its_zero():
    """That of this loss is -1, but for the last digit."""
    _, right = picture("NegativeLogLikelihood", *drawn("NegativeLogLikelihood")).axes
    assert right.get_ylim() == pytest.approx((-1.05, 0.05))


# Wrong use


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Hubert"], "NAME: 'Hubert' is not a loss; choose from AMSoftmax, "),
        (["CenterLoss"], "NAME: 'CenterLoss' is not a loss; choose from AMSoftmax, "),
        (["Huber", "--output", "a.gif"], "--output: the name of the file must end in .png or .svg. Received: 'a.gif'"),
        (["Huber", "--output", "notes.txt/a.png"], "--output: 'notes.txt' cannot be made"),
        (["Huber", "--beta=1"], "--beta: Huber has no option 'beta'; the options to draw are delta."),
        (["Huber", "--delt=1"], "the options to draw are delta. Did you mean 'delta'?"),
        (["Huber", "LogCosh", "--Hube.delta=1"], "--Hube.delta: 'Hube' is not a loss of this picture; choose from Huber, LogCosh. Did you mean 'Huber'?"),
        (["Huber", "LogCosh", "--LogCosh.delta=1"], "--delta: LogCosh has no option 'delta'; it has no options to draw."),
        (["Huber", "--inputs", "reals"], "--inputs: 'reals' is not a kind of inputs; choose from real, positive"),
        (["Huber", "--reduction=sum"], "--reduction: Huber has no option 'reduction'; the options to draw are delta."),
        (["MeanSquaredError", "--axis=1"], "--axis: MeanSquaredError has no option 'axis'; it has no options to draw."),
        (["Huber", "--delta"], "--delta: expected values with commas. Received: 'delta='"),
        (["Huber", "--beta=1", "Dice"], "expected options such as --delta=0.5,1 after the names. Received: 'Dice'"),
        (["Huber", "Dicee"], "Did you mean 'Dice'?"),
        (["Huber", "Dice"], "NAME: the losses of one picture must read the same inputs. Received: Huber: error, y_pred − y_true; Dice: "),
        (["Huber", "LogCosh", "--beta=1"], "--beta: Huber has no option 'beta'; the options to draw are delta."),
        (["Huber", "SmoothL1", "LogCosh", "--delta=1,2,3,4,5,6,7"], "--delta: a picture holds at most 8 choices of options. Received: 9"),
        (["Huber", "--delta=0,1"], "--delta: `delta` must be a positive number. Received: delta=0"),
        (["Huber", "--delta=wide"], "Received: delta='wide'"),
        (["BinaryCrossentropy", "--from_logits=False,True"], "--from_logits: the lines of one picture must share their x axis."),
        (["Huber", "--delta=1,2,3,4,5,6,7,8,9"], "--delta: a picture holds at most 8 choices of options. Received: 9"),
        (["SparseCategoricalCrossentropy", "--class_weights=[1,2]"], "--class_weights: "),
    ],
)  # fmt: skip
def test_wrong_use_is_an_error_of_usage_and_writes_nothing(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("no folder")
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def __init__(self, delta=1.0): super().__init__()", "Mine must take `reduction`"),
        ("def __init__(self, delta, reduction=None): super().__init__()", "have a default for each option"),
        ("def (", "cannot be drawn: "),
    ],
)
def test_a_loss_of_a_user_that_cannot_be_made_is_told(code, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"mine_{len(code)}.py"  # A module is loaded once by its name.
    file.write_text(f"import keras\n\n\nclass Mine(keras.losses.Loss):\n    {code}\n", "utf-8")
    result = invoke(f"{file.name}:Mine", "--inputs", "real")
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())
