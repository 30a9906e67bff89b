"""
Verification of classes never seen
==================================

Do two images show the same person? Nobody who is asked about was there in training, so a classifier does
not help: what counts is whether its embeddings put images of one class close together, for new classes too.
That is what center loss and the angular margins are for.

Here the persons are digits: a small network learns to tell 0 to 6 apart, with six losses, and is then asked
whether two images of 7, 8 or 9 show the same digit, by the cosine between their embeddings. It prints, over
the seeds, the area under the ROC curve (1 is perfect, 0.5 is guessing) and the accuracy at the best
threshold, and says which losses differ from softmax by more than the seeds do. It draws the ROC curves, and
embeddings of two dimensions with the directions of the classes, into ``verification-curves.png`` and
``verification-circle.png``. Set ``KERAS_BACKEND`` to ``tensorflow``, ``jax`` or ``torch`` to choose the
backend.
"""

import argparse

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score, roc_curve

import keraslosses

KNOWN, SCALE = 7, 16.0
images, digits = load_digits(return_X_y=True)
images = (images / 16).astype("float32").reshape(-1, 8, 8, 1)
known = digits < KNOWN
# The label 1 for the pairs of unseen images that show the same digit.
first, second = np.triu_indices(np.sum(~known), k=1)
same = (digits[~known][first] == digits[~known][second]).astype(int)


def body(dimensions):
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(dimensions, name="embedding"),
        ]
    )


def ending_in(layer, embed):
    return keras.Model(embed.inputs, layer(embed.outputs[0]))


def with_softmax(embed):
    return ending_in(keras.layers.Dense(KNOWN, name="classes"), embed)


def with_center_loss(embed):
    return keraslosses.attach(with_softmax(embed), keraslosses.CenterLoss(KNOWN), at="embedding", weight=0.05)


def with_large_margin(embed):
    head = keraslosses.LargeMarginHead(KNOWN, margin=3, base=100.0, lam_min=1.0, name="classes")
    return keraslosses.attach(embed, head, at="embedding")


def with_cosines(embed):
    return ending_in(keraslosses.CosineDense(KNOWN, name="classes"), embed)


CROSS_ENTROPY = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
METHODS = {
    "softmax": (with_softmax, CROSS_ENTROPY),
    "center loss": (with_center_loss, CROSS_ENTROPY),
    "L-Softmax": (with_large_margin, None),
    "SphereFace": (with_cosines, keraslosses.SphereFace(margin=2, scale=SCALE, lam=1.0)),
    "CosFace": (with_cosines, keraslosses.CosFace(margin=0.3, scale=SCALE)),
    "ArcFace": (with_cosines, keraslosses.ArcFace(margin=0.3, scale=SCALE)),
}


def trained(method, dimensions, seed, epochs):
    """The part of the model that embeds images, and the direction of each class."""
    keras.utils.set_random_seed(seed)
    embed = body(dimensions)
    build, loss = METHODS[method]
    model = build(embed)
    model.compile(keras.optimizers.Adam(0.002), loss)
    model.fit(images[known], digits[known], batch_size=64, epochs=epochs, verbose=0)
    layer = model.terms[0] if method == "L-Softmax" else model.get_layer("classes")
    return embed, keras.ops.convert_to_numpy(layer.kernel).T


def cosines(embed):
    """Of all pairs of unseen images."""
    embedded = embed.predict(images[~known], batch_size=512, verbose=0)
    embedded = embedded / np.linalg.norm(embedded, axis=1, keepdims=True)
    return np.sum(embedded[first] * embedded[second], axis=1)


def best_accuracy(score):
    """With the threshold that divides the pairs best."""
    wrong, right, _ = roc_curve(same, score)
    share = same.mean()
    return np.max(share * right + (1 - share) * (1 - wrong))


def verify(methods, seeds, epochs):
    """For each method the area and the accuracy of each seed, and the curve of the first."""
    found, curves = {}, {}
    for method in methods:
        scores = [cosines(trained(method, 16, seed, epochs)[0]) for seed in seeds]
        found[method] = np.array([(roc_auc_score(same, score), best_accuracy(score)) for score in scores])
        curves[method] = roc_curve(same, scores[0])[:2]
    return found, curves


def exceeds(values, others):
    """Whether two means differ by more than twice the standard error of their difference."""
    error = np.sqrt((values.var(ddof=1) + others.var(ddof=1)) / len(values))
    return abs(values.mean() - others.mean()) > 2 * error


def print_table(found):
    print(f"{'':12} {'AUC':>16} {'accuracy':>16}   AUC beside softmax")
    plain = found.get("softmax")
    for method, results in found.items():
        (area, accuracy), spread = results.mean(axis=0), [""] * 2
        if len(results) > 1:
            spread = [f" (sd {one:.3f})" for one in results.std(axis=0, ddof=1)]
        line = f"{method:12} {area:6.3f}{spread[0]} {accuracy:6.3f}{spread[1]}"
        if plain is not None and method != "softmax" and len(results) > 1:
            better = "better" if area > plain[:, 0].mean() else "worse"
            beyond = exceeds(results[:, 0], plain[:, 0])
            line += f"   {better} by more than the seeds differ" if beyond else "   not told apart"
        print(line)


def draw_curves(curves, path):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    for method, (wrong, right) in curves.items():
        axes.plot(wrong, right, label=method)
    axes.set_xlabel("pairs of two digits taken for one")
    axes.set_ylabel("pairs of one digit recognised")
    axes.set_title("Pairs of digits 7, 8, 9 after training on 0 to 6")
    axes.legend()
    figure.savefig(path, dpi=100)
    plt.close(figure)


def draw_circle(methods, epochs, path):
    """Embeddings of two dimensions, with the direction of each class."""
    import matplotlib.pyplot as plt

    columns = min(len(methods), 3)
    rows = -(-len(methods) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.6 * columns + 1.2, 3.8 * rows), squeeze=False, layout="constrained"
    )
    for method, area in zip(methods, axes.flat, strict=False):
        embed, directions = trained(method, 2, 0, epochs)
        points = embed.predict(images, batch_size=512, verbose=0)
        points = points / np.median(np.linalg.norm(points, axis=1))
        for digit in range(KNOWN):
            color = plt.cm.tab10(digit)
            area.scatter(*points[digits == digit].T, s=4, color=color, label=str(digit))
            x, y = directions[digit] / np.linalg.norm(directions[digit])
            area.annotate("", (2 * x, 2 * y), (0, 0), arrowprops={"arrowstyle": "->", "color": color})
        area.scatter(*points[~known].T, s=2, color="black", alpha=0.4, label="unseen")
        area.set_title(method)
        area.set_aspect("equal")
        area.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xticks=[], yticks=[])
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside right upper", markerscale=3)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description="Verification of digits never seen, with six losses.")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()
    found, curves = verify(options.methods, options.seeds, options.epochs)
    print_table(found)
    draw_curves(curves, "verification-curves.png")
    draw_circle(options.methods, options.epochs, "verification-circle.png")
    print("ROC curves: verification-curves.png; embeddings: verification-circle.png")


if __name__ == "__main__":
    main()
