"""How the package is built: who imports whom, what is public, which private names it needs, its examples."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from pathlib import Path

import keras
import numpy as np
import pytest

import keraslosses
from keraslosses import losses
from keraslosses.core import checks
from keraslosses.core.keras_internals import INTERNALS
from keraslosses.lookup import CLASSES, FUNCTIONS
from keraslosses.reference import REFERENCES

PACKAGE = Path(keraslosses.__file__).parent
SOURCES = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
BASE_CLASSES = {"FunctionLoss", "Loss"}
# Losses that are made of losses: they have no formula of their own, so no function and no reference.
MADE_OF_LOSSES = {"HardExamples", "WeightedSum"}
# Losses that only other losses make.
MADE_BY_LOSSES = {"DetectionPart"}
FRAME_OPTIONS = {"reduction", "name", "dtype"}

# The imports


def imported(path, source):
    """The dotted path of everything that a module imports, wherever in it the import stands."""
    parents = ["keraslosses", *path.split("/")[:-1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parents[: len(parents) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func):
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant))


def room_of(path):
    """The folder under keraslosses/ that a file lies in, or the name of a file that lies in none."""
    return path.split("/")[0].removesuffix(".py")


ROOMS = {
    "core": {"core"},
    "reference": {"reference"},
    "losses": {"core", "losses"},
    "layers": {"core", "losses", "layers"},
    "addons": {"core", "losses", "addons"},
    "decoding": {"core", "losses", "decoding"},
    "metrics": {"core", "decoding", "metrics"},
    "lookup": {"core", "losses"},
    "kinds": {"core"},
    "rules": {"core"},
    "batches": {"core"},
    "portability": {"core", "reference", "portability"},
    "testing": {"portability", "reference"},
    "command_backend": set(),
    "keras_import": {"command_backend"},
    "__init__": {
        "keras_import",
        "core",
        "losses",
        "layers",
        "decoding",
        "metrics",
        "batches",
        "lookup",
        "kinds",
        "rules",
    },
    "__main__": {"cli"},
}


def forbidden_rooms(path, source):
    allowed = ROOMS.get(room_of(path), set())
    for name in imported(path, source):
        first, *rest = name.split(".")
        if first == "keraslosses" and (rest[0] if rest else "the package itself") not in allowed:
            yield name


def findings(finder, paths):
    """What a finder finds, by the file it is in."""
    found = {path: list(finder(path, SOURCES[path])) for path in sorted(paths)}
    return {path: names for path, names in found.items() if names}


OUTSIDE_CLI = {path for path in SOURCES if room_of(path) != "cli"}


def test_the_package_was_found():
    assert {room_of(path) for path in SOURCES} == ROOMS.keys() | {"cli"}


def test_imports_point_one_way():
    assert findings(forbidden_rooms, OUTSIDE_CLI) == {}


def modules_imported(path, source):
    """The files that a file of the package imports, by path; not the packages that they lie in."""
    for name in imported(path, source):
        parts = name.split(".")[1:] if name.startswith("keraslosses.") else []
        while parts:
            inside = "/".join(parts)
            found = {f"{inside}.py", f"{inside}/__init__.py"} & SOURCES.keys()
            if found:
                yield found.pop()
                break
            parts.pop()


def circles(graph):
    """The files from which imports lead back to the file itself."""
    for start in sorted(graph):
        reached, ahead = set(), [start]
        while ahead:
            new = graph[ahead.pop()] - reached
            reached |= new
            ahead += new
        if start in reached:
            yield start


def test_no_imports_go_in_a_circle():
    graph = {path: set(modules_imported(path, source)) for path, source in SOURCES.items()}
    assert list(circles(graph)) == []
    assert "core/kinds/kind.py" in graph["core/kinds/elementwise.py"]
    assert list(circles({"a": {"b"}, "b": {"c"}, "c": {"b"}})) == ["b", "c"]


# The same inside the checker.
ROOMS_OF_PORTABILITY = {
    "finding": set(),
    "gradients": {"finding"},
    "transforms": {"finding"},
    "targets": {"targets"},
    "checks": {"finding", "gradients", "transforms", "targets", "checks"},
    "report": {"finding", "report"},
    "processes": {"finding", "gradients", "targets", "checks", "report", "processes"},
    "__init__": set(),
}


def forbidden_rooms_of_portability(path, source):
    allowed = ROOMS_OF_PORTABILITY.get(room_of(path.removeprefix("portability/")), set())
    for name in imported(path, source):
        if name.startswith("keraslosses.portability.") and name.split(".")[2] not in allowed:
            yield name


def test_imports_of_the_checker_point_one_way():
    paths = {path for path in SOURCES if room_of(path) == "portability"}
    assert {room_of(path.removeprefix("portability/")) for path in paths} == ROOMS_OF_PORTABILITY.keys()
    assert findings(forbidden_rooms_of_portability, paths) == {}


DOCS = Path(__file__).parent.parent / "docs"
PAGES = "".join((DOCS / f"{name}.md").read_text("utf-8") for name in ("architecture", "architecture-checks"))


@pytest.mark.parametrize(("head", "rooms"), [("part", ROOMS), ("in `portability`", ROOMS_OF_PORTABILITY)])
def test_the_pages_say_what_each_room_may_import(head, rooms):
    table = PAGES.split(f"| {head} | what it holds | may import |\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]
    said = {room.strip("`/").removesuffix(".py"): set(re.findall(r"`(\w+)`", may)) for room, _, may in rows}
    assert {room: may for room, may in said.items() if may != rooms.get(room, may) - {room}} == {}
    assert rooms.keys() - said.keys() <= {
        "__init__",
        "__main__",
        "lookup",
        "command_backend",
        "keras_import",
    }


FRAMEWORKS = {"jax", "jaxlib", "tensorflow", "torch"}
MAY_NAME_A_FRAMEWORK = {
    # The modules of the seam that are a framework's say so in their names.
    *(path for path in SOURCES if re.match(r"core/backend/(jax|tensorflow|torch)", path)),
    "portability/gradients.py",
    "portability/transforms.py",
    "portability/checks/replicas.py",
    "cli/bench/peers.py",
    "cli/bench/peers_of_torch.py",
    "cli/bench/calls.py",
    "cli/bench/kernels.py",
}


def frameworks_of(path, source):
    return sorted({name.split(".")[0] for name in imported(path, source)} & FRAMEWORKS)


def test_frameworks_are_imported_only_at_the_seams():
    assert findings(frameworks_of, SOURCES.keys() - MAY_NAME_A_FRAMEWORK) == {}


def keras_ops_of(path, source):
    return [name for name in imported(path, source) if name == "keras.ops"]


def test_operations_come_from_the_seam_which_keeps_their_precision():
    computing = {
        path
        for path in SOURCES
        if room_of(path) in ("core", "losses", "layers", "addons", "decoding", "metrics")
    }
    assert findings(keras_ops_of, computing) == {}
    assert list(keras_ops_of("losses/x.py", "from keras import ops"))


# What the frameworks do not document stands in one file for each.
INTERNALS_OF = {
    "tensorflow": "core/backend/tensorflow_internals.py",
    "torch": "core/backend/torch/internals.py",
}


def undocumented(path, source):
    """Every name of a framework that a module uses and that is private, by its place in the framework."""
    tree = ast.parse(source)
    bound = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            bound |= {alias.asname or alias.name.split(".")[0]: alias for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            bound |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    places = {
        name: thing if isinstance(thing, str) else thing.name if thing.asname else name
        for name, thing in bound.items()
    }
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    chains = [
        ast.unparse(node).split(".")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and id(node) not in inner
    ]
    used = {".".join([places[root], *rest]) for root, *rest in chains if root in places}
    for name in sorted(used | set(imported(path, source))):
        if name.split(".")[0] in FRAMEWORKS and is_private(name):
            yield name
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "hasattr"):
            name = node.args[1].value if isinstance(node.args[1], ast.Constant) else ""
            if name.startswith("_") and not name.endswith("__"):
                yield name


def is_private(name):
    parts = name.split(".")
    hidden = [part for part in parts if part.startswith("_") and part not in ("__version__", "__name__")]
    return bool(hidden) or name.startswith(("torch.ops.aten", "tensorflow.python", "tensorflow.core"))


def test_what_frameworks_do_not_document_is_used_in_one_file_for_each():
    seams = SOURCES.keys() & MAY_NAME_A_FRAMEWORK
    assert findings(undocumented, seams - set(INTERNALS_OF.values())) == {}


@pytest.mark.skipif(
    keras.backend.backend() not in INTERNALS_OF,
    reason="of JAX nothing is used that is not documented; 2026-11-27",
)
def test_what_the_framework_does_not_document_is_listed_and_there():
    """The message names each that is gone, and what it was for."""
    name = keras.backend.backend()
    path = INTERNALS_OF[name]
    listed = importlib.import_module(f"keraslosses.{path.removesuffix('.py').replace('/', '.')}").INTERNALS
    used = set(undocumented(path, SOURCES[path]))
    assert used == {entry.rpartition("().")[2] for entry in listed}
    gone = {entry: use for entry, use in listed.items() if not resolves(entry)}
    version = importlib.import_module(name).__version__
    assert gone == {}, f"{name} {version} has no longer: {gone}"


def test_what_is_gone_is_found():
    assert not resolves("keras.ops.no_such_operation")
    assert not resolves("keras.no_such_module.operation")


def extras_of(path, source):
    """The packages that a module needs beside Python, the frameworks, and what every install has."""
    installed = {"numpy"} if room_of(path) == "reference" else {"keras", "numpy"}
    names = {name.split(".")[0] for name in imported(path, source)}
    own = {"keraslosses", "keraslosses_child"}
    return sorted(names - sys.stdlib_module_names - FRAMEWORKS - installed - own)


def test_only_the_command_line_and_distances_need_more_than_keras_and_numpy():
    assert findings(extras_of, OUTSIDE_CLI) == {"losses/distances.py": ["scipy"]}


def private_keras(path, source):
    """Every place where a module reaches into keras.src."""
    yield from (name for name in imported(path, source) if f"{name}.".startswith("keras.src."))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr == "src":
            yield ast.unparse(node)


def test_keras_src_is_reached_in_one_file():
    assert findings(private_keras, SOURCES.keys() - {"core/keras_internals.py"}) == {}


@pytest.mark.parametrize(
    ("finder", "source", "found"),
    [
        (forbidden_rooms, "import keraslosses", ["keraslosses"]),
        (forbidden_rooms, "from keraslosses import layers", ["keraslosses.layers"]),
        (
            forbidden_rooms,
            "from keraslosses.layers.attach import attach",
            ["keraslosses.layers.attach.attach"],
        ),
        (forbidden_rooms, "def f():\n    import keraslosses.cli.app", ["keraslosses.cli.app"]),
        (forbidden_rooms, "from ..reference import kinds", ["keraslosses.reference.kinds"]),
        (forbidden_rooms, "from . import huber\nfrom ..core import checks", []),
        (extras_of, "import os, keras\nfrom scipy import special", ["scipy"]),
        (frameworks_of, "import numpy\ndef f():\n    import torch.nn as nn", ["torch"]),
        (frameworks_of, "from jax import numpy", ["jax"]),
        (frameworks_of, "import importlib\nimportlib.import_module('tensorflow')", ["tensorflow"]),
        (undocumented, "import torch\ntorch._C._f(torch.nn.Module)", ["torch._C._f"]),
        (undocumented, "import torch.nn\nx = torch.ops.aten.relu.default", ["torch.ops.aten.relu.default"]),
        (
            undocumented,
            "from torch.autograd import forward_ad as f\nf._level",
            ["torch.autograd.forward_ad._level"],
        ),
        (undocumented, "import tensorflow as tf\ntf.__internal__.f()", ["tensorflow.__internal__.f"]),
        (undocumented, "def f():\n    from tensorflow.python import g", ["tensorflow.python.g"]),
        (undocumented, "hasattr(tensor, '_numpy')", ["_numpy"]),
        (undocumented, "import torch\nself._x = torch.__version__", []),
        (private_keras, "from keras import src", ["keras.src"]),
        (private_keras, "import keras.src.backend", ["keras.src.backend"]),
        (private_keras, "from keras.src.utils import tracking", ["keras.src.utils.tracking"]),
        (private_keras, "import keras\nx = keras.src.ops.add", ["keras.src"]),
        (private_keras, "import keras\nx = keras.ops.add", []),
    ],
)
def test_the_finders_see_every_form(finder, source, found):
    assert list(finder("losses/planted.py", source)) == found


# What is public


def test_all_names_everything_that_the_top_imports():
    public = {
        name for name, thing in vars(keraslosses).items() if name[0] != "_" and not inspect.ismodule(thing)
    }
    assert set(keraslosses.__all__) == public


def made_for_users(thing):
    """Losses, metrics, layers, and functions that document their arguments; no helpers, no bases."""
    if inspect.isclass(thing):
        if any(made.__module__.startswith("keraslosses.") for made in thing.__subclasses__()):
            return False
        is_loss = issubclass(thing, keras.losses.Loss | keras.metrics.Metric)
        return is_loss or (issubclass(thing, keras.layers.Layer) and not issubclass(thing, keras.Model))
    return hasattr(thing, "contract") or "\n    Args:" in (thing.__doc__ or "")


def modules_of(*rooms):
    for room in rooms:
        package = importlib.import_module(f"keraslosses.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(module.name)


def test_everything_made_for_users_is_exported():
    made = {
        name: thing
        for module in modules_of("losses", "layers", "decoding", "metrics")
        for name, thing in vars(module).items()
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and thing.__module__ == module.__name__
    }
    users = {name: thing for name, thing in made.items() if made_for_users(thing)}
    missing = {name for name, thing in users.items() if getattr(keraslosses, name, None) is not thing}
    assert missing == MADE_BY_LOSSES


def test_the_losses_have_a_place_of_their_own():
    """`from keraslosses.losses import Huber, huber` works, and an editor offers these names only."""
    of_boxes, of_masks = {"convert_boxes", "pairwise_iou"}, {"signed_distance", "signed_distances"}
    of_labels = {"class_counts", "positive_weights", "weights_from_counts", "soft_ordinal_labels"}
    of_pairs = {"pair_contrastive", "triplet_margin", "cosine_embedding", "margin_ranking"}
    others = of_boxes | of_masks | of_labels | of_pairs
    assert set(losses.__all__) == CLASSES.keys() | FUNCTIONS.keys() | others
    assert all(getattr(losses, name) is getattr(keraslosses, name) for name in losses.__all__)
    tree = ast.parse(SOURCES["losses/__init__.py"])
    written = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert written == set(losses.__all__)


def test_lookup_knows_every_loss_that_is_exported():
    exported = {name: getattr(keraslosses, name) for name in keraslosses.__all__}
    losses = {
        name
        for name, thing in exported.items()
        if inspect.isclass(thing) and issubclass(thing, keras.losses.Loss) and name not in BASE_CLASSES
    }
    assert losses == set(CLASSES) | MADE_OF_LOSSES
    assert {name for name, thing in exported.items() if hasattr(thing, "contract")} == set(FUNCTIONS)


def example_of(name):
    return CLASSES[name](**REFERENCES[name].options[0])


def test_every_function_has_one_class_and_every_class_one_function():
    twins = {name: example_of(name).function for name in CLASSES}
    assert sorted(function.__name__ for function in twins.values()) == sorted(FUNCTIONS)
    assert {name: REFERENCES[name].function for name in twins} == {
        name: function.__name__ for name, function in twins.items()
    }


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_class_and_function_have_the_same_options(name):
    contract = example_of(name).function.contract
    parameters = dict(inspect.signature(CLASSES[name]).parameters)
    assert parameters.keys() >= FRAME_OPTIONS
    # It says that y_true and y_pred hold the tensors `references` too.
    of_tensors = {"reference"} if "references" in tensors_of(contract) else set()
    assert parameters.keys() - FRAME_OPTIONS - of_tensors == set(
        list(inspect.signature(contract.formula).parameters)[2:]
    ) - tensors_of(contract)
    options = contract.defaults.keys() - tensors_of(contract)
    assert {option: parameters[option].default for option in options} == {
        o: contract.defaults[o] for o in options
    }


def tensors_of(contract):
    """What a function takes beside its options: tensors, which no config can hold."""
    return {name for name, rule in contract.rules.items() if rule is checks.tensor}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_class_hands_every_option_to_its_function(name):
    """Each option off its default, so that one which is dropped or swapped shows."""
    given = {key: value for options in REFERENCES[name].options for key, value in options.items()}
    loss = CLASSES[name](**given)
    contract = loss.function.contract
    defaults = {o: value for o, value in contract.defaults.items() if o not in tensors_of(contract)}
    assert loss.options == {**defaults, **given}
    left_alone = defaults.keys() - given.keys()
    assert left_alone == set(), f"no options of the reference set {left_alone}"


# The private names of Keras


def owner_of(kind):
    """A built instance of what an entry of INTERNALS names, such as keras.Sequential()."""
    if kind == "keras.Variable()":
        return keras.Variable(1.0)
    if kind == "keras.metrics.MeanSquaredError()":
        return keras.metrics.MeanSquaredError()
    if kind == "tensorflow.constant()":
        return importlib.import_module("tensorflow").constant(0.0)
    inputs = keras.Input((2,))
    if kind == "keras.KerasTensor()":
        return inputs
    if kind == "keras.Model()":
        return keras.Model(inputs, keras.layers.Dense(1)(inputs))
    if kind == "keras.Sequential()":
        return keras.Sequential([inputs, keras.layers.Dense(1)])
    raise ValueError(f"INTERNALS names an attribute of {kind}, of which this test can make no instance")


def resolves(name):
    kind, call, attribute = name.rpartition("().")
    if call:
        return hasattr(owner_of(f"{kind}()"), attribute)
    try:
        return pkgutil.resolve_name(name) is not None
    except (ImportError, AttributeError):
        return False


@pytest.mark.parametrize("name", INTERNALS)
def test_private_name_of_keras_is_there(name):
    assert resolves(name), f"Keras {keras.__version__} has no {name}, which keraslosses relies on"


def test_every_private_name_in_use_is_listed_and_the_other_way_round():
    source = SOURCES["core/keras_internals.py"]
    tree = ast.parse(source)
    attributes = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    modules = [name for name in imported("core/keras_internals.py", source) if name.startswith("keras.src.")]
    used = {f"._{name[1:]}" for name in attributes if name.startswith("_") and not name.startswith("__")}
    for module in modules:
        short = module.rpartition(".")[2]
        calls = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == short
        }
        used |= {f"{module}.{call}" for call in calls} or {module}
    listed = {name.rpartition("()")[2] if "()" in name else name for name in INTERNALS}
    assert listed == used


# Docstrings and their examples

PUBLIC = {name: getattr(keraslosses, name) for name in keraslosses.__all__}
OWN = {
    name: thing
    for name, thing in PUBLIC.items()
    if getattr(thing, "__module__", "").startswith("keraslosses.")
}
EXAMPLES = sorted(name for name, thing in OWN.items() if ">>>" in (thing.__doc__ or ""))


def test_what_is_not_our_own_comes_from_keras():
    foreign = {name: thing.__module__.split(".")[0] for name, thing in PUBLIC.items() if name not in OWN}
    assert set(foreign.values()) <= {"keras"}


@pytest.mark.parametrize("name", sorted(OWN))
def test_public_name_has_a_docstring_of_its_own(name):
    thing = OWN[name]
    inherited = {base.__doc__ for base in inspect.getmro(thing)[1:]} if inspect.isclass(thing) else set()
    assert (thing.__doc__ or "").strip()
    assert thing.__doc__ not in inherited


def test_every_module_has_a_docstring():
    assert [path for path, source in SOURCES.items() if not ast.get_docstring(ast.parse(source))] == []


def test_every_class_has_an_example():
    classes = {name for name, thing in OWN.items() if inspect.isclass(thing)} - BASE_CLASSES
    assert classes <= set(EXAMPLES)


@pytest.mark.deep_in_turn("jax", "tensorflow")
@pytest.mark.parametrize("name", EXAMPLES)
def test_example_prints_what_it_says(name):
    space = {"keras": keras, "keraslosses": keraslosses, "np": np}
    example = doctest.DocTestParser().get_doctest(OWN[name].__doc__, space, name, None, None)
    report = []
    results = doctest.DocTestRunner(verbose=False).run(example, out=report.append)
    assert not results.failed, "".join(report)
    assert any(part.want for part in example.examples), "the example prints nothing"


# The rest


def test_version_is_that_of_the_project_file():
    with open(PACKAGE.parent / "pyproject.toml", "rb") as file:
        assert tomllib.load(file)["project"]["version"] == keraslosses.__version__
    citation = (PACKAGE.parent / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {keraslosses.__version__}\n" in citation


def at_least(requirement):
    """The name and the lowest version of `name>=version`."""
    name, _, version = requirement.partition(">=")
    return name, version


def test_no_version_is_allowed_that_is_lower_than_what_the_tests_run():
    with open(PACKAGE.parent / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    extras = project["optional-dependencies"]
    pins = dict(re.findall(r"^([a-z-]+)(?:\[\w+\])?==([\d.]+)", "\n".join(extras["dev"]), re.M))
    for framework in ("tensorflow", "jax", "torch"):
        (requirement,) = extras[framework]
        name, lowest = at_least(requirement)
        assert name == framework
        assert pins[framework] in (lowest, f"{lowest}.0"), (
            f"{requirement}, but what is run is {pins[framework]}"
        )
    makefile = (PACKAGE.parent / "Makefile").read_text("utf-8")
    lowest_keras = re.search(r"^KERAS_LOWEST \?= ([\d.]+)$", makefile, re.M)[1]
    assert lowest_keras == f"{at_least(project['dependencies'][0])[1]}.0"


def test_modules_stay_short():
    """All but the list of the losses, which holds nothing else."""
    lengths = {path: source.count("\n") for path, source in SOURCES.items() if path != "losses/__init__.py"}
    assert {path: lines for path, lines in lengths.items() if lines > 350} == {}
    listed = {type(line) for line in ast.parse(SOURCES["losses/__init__.py"]).body[1:]}
    assert listed == {ast.ImportFrom, ast.Assign}
