"""
Verification of classes never seen
==================================

Do two images show the same person? A classifier cannot answer this for persons who were
not in its training data. So the images are compared by their *embeddings*, the vectors
before the last layer: images of one class must be close together, also for new classes.
Center loss and the losses with a margin are made for this.

In this example digits take the place of persons. A small network learns to tell 0 to 6
apart, with five losses. Then it must say whether two images of 7, 8 or 9 show the same
digit. The score of a pair is the cosine between the two embeddings. Look at the shape
of the groups in the last picture: they show what each loss does to the embeddings.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score, roc_curve

import keraslosses

# %%
# The settings
# ------------
# Each method trains once for each seed. The picture at the end needs one more training,
# which takes longer.

METHODS = ["softmax", "center loss", "L-Softmax", "CosFace", "ArcFace"]
SEEDS = [0, 1, 2]
EPOCHS = 15
PICTURE_EPOCHS = 60

# %%
# The data
# --------
# The digits of scikit-learn. ``same`` is 1 for each pair of unseen images that show the
# same digit.

KNOWN, SCALE = 7, 16.0
images, digits = load_digits(return_X_y=True)
images = (images / 16).astype("float32").reshape(-1, 8, 8, 1)
known = digits < KNOWN
first, second = np.triu_indices(np.sum(~known), k=1)
same = (digits[~known][first] == digits[~known][second]).astype(int)

# %%
# The models
# ----------
# All methods have the same body. They differ in the layer that follows and in the loss:
# ``attach`` adds a term to a model, and ``CosineDense`` gives the cosines that the
# losses with a margin need.


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
    return keraslosses.attach(
        with_softmax(embed), keraslosses.CenterLoss(KNOWN), at="embedding", weight=0.05
    )


def with_large_margin(embed):
    head = keraslosses.LargeMarginHead(
        KNOWN, margin=3, base=100.0, lam_min=1.0, name="classes"
    )
    return keraslosses.attach(embed, head, at="embedding")


def with_cosines(embed):
    return ending_in(keraslosses.CosineDense(KNOWN, name="classes"), embed)


CROSS_ENTROPY = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
BUILD = {
    "softmax": (with_softmax, CROSS_ENTROPY),
    "center loss": (with_center_loss, CROSS_ENTROPY),
    "L-Softmax": (with_large_margin, None),
    "SphereFace": (
        with_cosines,
        keraslosses.SphereFace(margin=2, scale=SCALE, lam=1.0),
    ),
    "CosFace": (with_cosines, keraslosses.CosFace(margin=0.3, scale=SCALE)),
    "ArcFace": (with_cosines, keraslosses.ArcFace(margin=0.3, scale=SCALE)),
}


def trained(method, dimensions, seed, epochs):
    """The part of the model that makes embeddings, and the direction of each class."""
    keras.utils.set_random_seed(seed)
    embed = body(dimensions)
    build, loss = BUILD[method]
    model = build(embed)
    model.compile(keras.optimizers.Adam(0.002), loss)
    model.fit(images[known], digits[known], batch_size=64, epochs=epochs, verbose=0)
    layer = model.terms[0] if method == "L-Softmax" else model.get_layer("classes")
    return embed, keras.ops.convert_to_numpy(layer.kernel).T


# %%
# How well are pairs told apart?
# ------------------------------
# The area under the ROC curve is 1 for a perfect score, and 0.5 for a guess.


def cosines(embed):
    """Of all pairs of unseen images."""
    embedded = embed.predict(images[~known], batch_size=512, verbose=0)
    embedded = embedded / np.linalg.norm(embedded, axis=1, keepdims=True)
    return np.sum(embedded[first] * embedded[second], axis=1)


def best_accuracy(score):
    """The accuracy at the threshold that divides the pairs best."""
    wrong, right, _ = roc_curve(same, score)
    share = same.mean()
    return np.max(share * right + (1 - share) * (1 - wrong))


areas, curves = {}, {}
print(f"{'':12}{'AUC':>18}{'accuracy':>18}")
for method in METHODS:
    scores = [cosines(trained(method, 16, seed, EPOCHS)[0]) for seed in SEEDS]
    areas[method] = np.array([roc_auc_score(same, score) for score in scores])
    accuracies = np.array([best_accuracy(score) for score in scores])
    curves[method] = roc_curve(same, scores[0])[:2]
    columns = [f"{x.mean():.3f} ± {x.std():.3f}" for x in (areas[method], accuracies)]
    print(f"{method:12}{columns[0]:>18}{columns[1]:>18}")

# %%
# The numbers after ± are the standard deviations over the seeds. A difference between
# two methods counts only if it is clearly larger than the differences between seeds.
# The test here: is it larger than twice its standard error? With few known classes and
# few seeds, it often is not.

softmax = areas[METHODS[0]]
for method in METHODS[1:]:
    difference = areas[method].mean() - softmax.mean()
    variance = areas[method].var() + softmax.var()
    error = np.sqrt(variance / (len(SEEDS) - 1)) if len(SEEDS) > 1 else np.inf
    verdict = "larger" if abs(difference) > 2 * error else "not larger"
    print(f"{method:12} {difference:+.3f} against softmax: {verdict}")

# %%
# The ROC curves of the first seed
# --------------------------------

figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
for method, (wrong, right) in curves.items():
    axes.plot(wrong, right, label=method)
axes.set_xlabel("share of the pairs of two digits that are taken for one")
axes.set_ylabel("share of the pairs of one digit that are found")
axes.legend()
figure.savefig("verification-curves.png")

# %%
# The embeddings in two dimensions
# --------------------------------
# The same training with two dimensions, which can be drawn. An arrow shows the
# direction of each class in the last layer. With softmax the classes are wide. Center
# loss makes each class a small group. The losses with a margin make the classes narrow,
# and turn them to their arrows. The unseen digits are black.

figure, axes = plt.subplots(2, 3, figsize=(9.5, 6.4), layout="constrained")
for axis in axes.flat:
    axis.set_axis_off()
for method, axis in zip(METHODS, axes.flat, strict=False):
    embed, directions = trained(method, 2, SEEDS[0], PICTURE_EPOCHS)
    points = embed.predict(images, batch_size=512, verbose=0)
    points = points / np.median(np.linalg.norm(points, axis=1))
    for digit in range(KNOWN):
        axis.scatter(
            *points[digits == digit].T, s=4, color=f"C{digit}", label=str(digit)
        )
        x, y = directions[digit] / np.linalg.norm(directions[digit])
        arrow = {"arrowstyle": "->", "color": f"C{digit}"}
        axis.annotate("", (2 * x, 2 * y), (0, 0), arrowprops=arrow)
    axis.scatter(*points[~known].T, s=2, color="black", alpha=0.4, label="unseen")
    axis.set(title=method, aspect="equal", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6))
# sphinx_gallery_thumbnail_number = 2
handles, labels = axes.flat[0].get_legend_handles_labels()
axes.flat[-1].legend(handles, labels, loc="center", ncols=2, markerscale=3)
figure.savefig("verification-circle.png")
