"""
A small detector of handwritten digits
======================================

A detector says which objects are in a picture and gives a box for each. ``FCOS`` is the
loss of such a detector: it adds a focal loss for the classes, a loss for the boxes, and
a loss for a score that says how near a location is to the middle of a box.

This example trains a small network on pictures of one to three digits. The box loss is
``CIoU``; one line changes it. It also shows how to watch the parts of the loss during
training. In the first picture, look at how close the boxes found are to the true boxes,
and whether the digits are right.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keraslosses

# %%
# The settings
# ------------
# To compare box losses, put more names of ``BOX_LOSSES`` into ``LOSSES``, and more
# seeds into ``SEEDS``. An epoch takes about 8 seconds on one core.

LOSSES = ["CIoU"]
SEEDS = [0]
EPOCHS = 12
BATCHES = 60  # steps in an epoch
SCENES = 200  # pictures for the test

BOX_LOSSES = {
    # Summed over the four distances, as in the papers.
    "SmoothL1": 4.0 * keraslosses.SmoothL1(),
    "BalancedL1": 4.0 * keraslosses.BalancedL1(),
    "IoU": keraslosses.IoU(mode="log"),
    "GIoU": keraslosses.GIoU(),
    "DIoU": keraslosses.DIoU(),
    "CIoU": keraslosses.CIoU(),
}

# %%
# The pictures
# ------------
# A picture has 64 by 64 pixels and shows one to three handwritten digits of
# scikit-learn. Each digit is stretched to a box of 10 to 36 pixels in width and height.
# The digits of the test pictures are not used in training.

SIZE, STRIDE, BATCH = 64, 4, 32
CELLS, SMALLEST, LARGEST, MOST = SIZE // STRIDE, 10, 36, 3

images, digits = load_digits(return_X_y=True)
images = images.reshape(-1, 8, 8).astype("float32") / 16
SEEN, UNSEEN, SEEN_DIGITS, UNSEEN_DIGITS = train_test_split(
    images, digits, test_size=0.3, stratify=digits, random_state=0
)


def stretched(image, width, height):
    """The image without its empty border, resized by linear interpolation."""

    def between(size, length):
        places = np.clip((np.arange(length) + 0.5) * size / length - 0.5, 0, size - 1)
        return np.maximum(1 - np.abs(places[:, None] - np.arange(size)), 0)

    ink = image > 0.1
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    image = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return between(image.shape[0], height) @ image @ between(image.shape[1], width).T


def scene(generator, images, digits):
    """A picture, and a row of digit, x1, y1, x2, y2 for each digit on it."""
    picture = generator.normal(0, 0.05, (SIZE, SIZE)).astype("float32")
    found = []
    for _ in range(generator.integers(1, MOST + 1)):
        width, height = generator.integers(SMALLEST, LARGEST + 1, 2)
        x, y = (
            generator.integers(0, SIZE - width + 1),
            generator.integers(0, SIZE - height + 1),
        )
        if any(
            x < x2 and x1 < x + width and y < y2 and y1 < y + height
            for _, x1, y1, x2, y2 in found
        ):
            continue
        which = generator.integers(len(images))
        ink = generator.uniform(0.6, 1.0) * stretched(images[which], width, height)
        picture[y : y + height, x : x + width] += ink
        found.append((digits[which], x, y, x + width, y + height))
    return picture, np.array(found, "float32")


# %%
# The targets
# -----------
# The network gives an answer at 16 by 16 locations. The target of a location is the
# digit whose box it is in, and the distances from the location to the four sides of the
# box. A location outside all boxes is background, class 0.

# The middle of each location, and the distance in pixels that the network calls 1.
CENTERS = np.stack(
    np.meshgrid(*[STRIDE * (np.arange(CELLS) + 0.5)] * 2), axis=-1
).reshape(-1, 2)
UNIT = 8.0


def targets(found):
    """For each location its class and the distances to the sides of its box."""
    target = np.zeros((len(CENTERS), 5), "float32")
    for digit, *box in found:
        distances = np.concatenate([CENTERS - box[:2], box[2:] - CENTERS], axis=1)
        inside = distances.min(axis=1) > 0
        target[inside, 0], target[inside, 1:] = digit + 1, distances[inside] / UNIT
    return target


class Scenes(keras.utils.PyDataset):
    """Batches of new pictures. The same seed gives the same pictures."""

    def __init__(self, batches, seed):
        super().__init__()
        self.batches, self.seed, self.epoch = batches, seed, 0

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        generator = np.random.default_rng([self.seed, self.epoch, index])
        pictures, found = zip(
            *(scene(generator, SEEN, SEEN_DIGITS) for _ in range(BATCH)), strict=True
        )
        return np.stack(pictures)[..., None], np.stack(
            [targets(boxes) for boxes in found]
        )

    def on_epoch_end(self):
        self.epoch += 1


# %%
# The network
# -----------
# It makes the picture smaller in three steps, so that it sees whole digits. Then it
# goes one step back up, and adds the finer detail. For each location it gives 10 logits
# for the digits, 4 distances, and 1 logit for the score.


def network():
    def convolution(x, width, strides=1):
        x = keras.layers.Conv2D(width, 3, strides, padding="same", use_bias=False)(x)
        return keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))

    picture = keras.Input((SIZE, SIZE, 1))
    fine = convolution(convolution(convolution(picture, 16, 2), 32, 2), 32)
    coarse = convolution(convolution(convolution(fine, 64, 2), 64), 64)
    both = keras.layers.Concatenate()([fine, keras.layers.UpSampling2D(2)(coarse)])
    x = keras.layers.Reshape((len(CENTERS), 64))(convolution(both, 64))
    rare = keras.initializers.Constant(-np.log(99.0))
    classes = keras.layers.Dense(10, bias_initializer=rare, name="classes")(x)
    distances = keras.layers.Dense(4, activation="softplus", name="distances")(x)
    centerness = keras.layers.Dense(1, name="centerness")(x)
    return keras.Model(
        picture, keras.layers.Concatenate()([classes, distances, centerness])
    )


# %%
# From answers to boxes
# ---------------------
# Many locations find the same digit. Of the boxes that overlap, only the one with the
# best score stays.


def detections(predicted, most=50, least=0.05):
    """For each picture rows of score, digit and box; the best score comes first."""
    certain = 1 / (1 + np.exp(-predicted[..., [*range(10), 14]]))
    scores = np.sqrt(certain[..., :10].max(axis=-1) * certain[..., 10])
    order = np.argsort(-scores, axis=-1, kind="stable")[:, :most, None]
    scores, predicted = (
        np.take_along_axis(scores[..., None], order, 1),
        np.take_along_axis(predicted, order, 1),
    )
    centers, distances = CENTERS[order[..., 0]], UNIT * predicted[..., 10:14]
    boxes = np.concatenate(
        [centers - distances[..., :2], centers + distances[..., 2:]], axis=-1
    )
    rows = np.concatenate(
        [scores, predicted[..., :10].argmax(axis=-1)[..., None], boxes], axis=-1
    )
    found = []
    for row, overlap in zip(rows, overlaps(boxes, boxes), strict=True):
        kept = []
        for i in np.flatnonzero(row[:, 0] > least):
            if all(overlap[i, j] < 0.5 for j in kept):
                kept.append(i)
        found.append(row[kept])
    return found


def overlaps(one, other):
    """The IoU of each box with each other box on the same picture."""

    def padded(pictures):
        longest = max(map(len, pictures))
        return np.stack(
            [np.pad(boxes, ((0, longest - len(boxes)), (0, 0))) for boxes in pictures]
        )

    return keras.ops.convert_to_numpy(
        keraslosses.pairwise_iou(padded(one), padded(other))
    )


# %%
# How good is a detector?
# -----------------------
# Two numbers say it:
#
# - *mean IoU*: for each true box, the overlap with the best box found, or 0 if there is
#   none;
# - *AP@0.5*: the average precision. A box found is right if its digit is right and its
#   IoU with the true box is at least 0.5.


def judged(truth, found):
    """Mean IoU and average precision."""
    best, marks = [], []
    shared = overlaps(
        [true[:, 1:] for true in truth], [boxes[:, 2:] for boxes in found]
    )
    for true, boxes, overlap in zip(truth, found, shared, strict=True):
        overlap = overlap[: len(true), : len(boxes)]
        best += list(overlap.max(axis=1, initial=0.0))
        free = np.ones(len(true), bool)
        for score, digit, fit in zip(boxes[:, 0], boxes[:, 1], overlap.T, strict=True):
            fit = np.where(free & (true[:, 0] == digit), fit, 0.0)
            right = fit.max() >= 0.5
            free[fit.argmax()] &= not right
            marks.append((score, right))
    right = np.array([right for _, right in sorted(marks, key=lambda mark: -mark[0])])
    recall, precision = (
        np.cumsum(right) / len(best),
        np.cumsum(right) / np.arange(1, len(right) + 1),
    )
    # The area under the precision at each recall, or at a higher one if that is better.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.mean(best)), float(np.sum(np.diff(recall, prepend=0.0) * precision))


class Judge(keras.callbacks.Callback):
    """The mean IoU on test pictures after each epoch."""

    def __init__(self, pictures, truth):
        super().__init__()
        self.pictures, self.truth, self.curve = pictures, truth, []

    def on_epoch_end(self, epoch, logs=None):
        predicted = self.model.predict(self.pictures, verbose=0)
        self.curve.append(judged(self.truth, detections(predicted))[0])


# %%
# Training
# --------
# ``loss.component`` makes a metric of each part of the loss.


def trained(name, seed, judge):
    """The model, and the values of loss and metrics in each epoch."""
    keras.utils.set_random_seed(seed)
    model = network()
    loss = keraslosses.FCOS(num_classes=10, box_loss=BOX_LOSSES[name])
    parts = [loss.component(part) for part in loss.parts]
    rate = keras.optimizers.schedules.CosineDecay(0.004, EPOCHS * BATCHES, alpha=0.02)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=parts)
    scenes = Scenes(BATCHES, seed)
    history = model.fit(scenes, epochs=EPOCHS, verbose=0, callbacks=[judge]).history
    return model, history


generator = np.random.default_rng(12345)
pictures, truth = zip(
    *(scene(generator, UNSEEN, UNSEEN_DIGITS) for _ in range(SCENES)), strict=True
)
pictures = np.stack(pictures)[..., None]

found, curves = {}, {}
print(f"{'box loss':12}{'mean IoU':>18}{'AP@0.5':>18}")
for name in LOSSES:
    results = []
    for seed in SEEDS:
        judge = Judge(pictures[:50], truth[:50])
        model, history = trained(name, seed, judge)
        detected = detections(model.predict(pictures, verbose=0))
        results.append(judged(truth, detected))
        if seed == SEEDS[0]:
            found[name], curves[name] = detected, judge.curve
    columns = [
        f"{values.mean():.3f} ± {values.std():.3f}" for values in np.array(results).T
    ]
    print(f"{name:12}{columns[0]:>18}{columns[1]:>18}")

# %%
# The boxes
# ---------
# True boxes are dashed blue lines. The boxes found are red, with the digit and the
# score.

size = (9, 3.2 * len(found))
figure, axes = plt.subplots(
    len(found), 3, figsize=size, squeeze=False, layout="constrained"
)
for row, (name, detected) in zip(axes, found.items(), strict=True):
    row[0].set_ylabel(name)
    for axis, picture, true, boxes in zip(row, pictures, truth, detected, strict=False):
        axis.imshow(
            picture[..., 0], cmap="gray_r", vmin=0, vmax=1, extent=(0, SIZE, SIZE, 0)
        )
        axis.set(xticks=[], yticks=[], xlim=(-4, SIZE + 4), ylim=(SIZE + 4, -4))
        for _, x1, y1, x2, y2 in true:
            axis.add_patch(
                Rectangle(
                    (x1, y1), x2 - x1, y2 - y1, fill=False, color="C0", linestyle="--"
                )
            )
        for score, digit, x1, y1, x2, y2 in boxes[boxes[:, 0] > 0.3]:
            axis.add_patch(
                Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color="C3")
            )
            axis.text(x1, y1, f"{digit:.0f}: {score:.2f}", color="C3", va="bottom")
figure.savefig("detector-boxes.png")

# %%
# The mean IoU during training
# ----------------------------

figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
for name, curve in curves.items():
    axis.plot(np.arange(1, len(curve) + 1), curve, marker=".", label=name)
axis.set(xlabel="epoch", ylabel="mean IoU on test pictures")
axis.grid(alpha=0.3)
axis.legend()
figure.savefig("detector-curves.png")

# %%
# The parts of the loss during training
# -------------------------------------
# These are the parts for the last box loss and the last seed.

figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
for part, values in history.items():
    axis.plot(np.arange(1, EPOCHS + 1), values, marker=".", label=part)
axis.set(xlabel="epoch", ylabel="loss", yscale="log")
axis.grid(alpha=0.3)
axis.legend()
figure.savefig("detector-parts.png")
