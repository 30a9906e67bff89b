"""
A small detector of handwritten digits
======================================

Scenes of one to three real digits (those of 8 by 8 pixels that scikit-learn ships) in boxes of random size
and aspect ratio, made on the fly. A convolutional network in the form of FCOS tells at each of 16 by 16
locations the digit, the distances to the four edges of its box, and how near the center is. It is trained
with `model.compile(loss=keraslosses.FCOS(...))` once for each box loss, and prints what the detector is
worth on scenes of digits that it has never seen:

- mean IoU: of each true box with the best of the boxes found there, 0 where none is found;
- AP@0.5: average precision; a box is right if its digit is, and its IoU with a true one is 0.5 at least.

It draws the boxes into `detector-boxes.png` and the curves into `detector-curves.png`. `--losses CIoU` trains
with one box loss only; see `--help`. Set ``KERAS_BACKEND`` to ``tensorflow``, ``jax`` or ``torch``.
"""

import argparse
import time

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keraslosses

SIZE, STRIDE, BATCH = 64, 4, 32
CELLS, SMALLEST, LARGEST, MOST = SIZE // STRIDE, 10, 36, 3
# Middle of each location, and what the network calls a distance of 1.
CENTERS = np.stack(np.meshgrid(*[STRIDE * (np.arange(CELLS) + 0.5)] * 2), axis=-1).reshape(-1, 2)
UNIT = 8.0

BOX_LOSSES = {
    # Summed over the four distances, as in the papers.
    "SmoothL1": 4.0 * keraslosses.SmoothL1(),
    "BalancedL1": 4.0 * keraslosses.BalancedL1(),
    "IoU": keraslosses.IoU(mode="log"),
    "GIoU": keraslosses.GIoU(),
    "DIoU": keraslosses.DIoU(),
    "CIoU": keraslosses.CIoU(),
}

images, digits = load_digits(return_X_y=True)
SEEN, UNSEEN, SEEN_DIGITS, UNSEEN_DIGITS = train_test_split(
    images.reshape(-1, 8, 8).astype("float32") / 16, digits, test_size=0.3, stratify=digits, random_state=0
)


def stretched(image, width, height):
    """The image in another size, between its pixels linearly, cut to what is not background."""

    def between(size, length):
        places = np.clip((np.arange(length) + 0.5) * size / length - 0.5, 0, size - 1)
        return np.maximum(1 - np.abs(places[:, None] - np.arange(size)), 0)

    ink = image > 0.1
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    image = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return between(image.shape[0], height) @ image @ between(image.shape[1], width).T


def scene(generator, images, digits):
    """A picture, and a row for each digit on it: digit, x1, y1, x2, y2. Their boxes do not meet."""
    picture = generator.normal(0, 0.05, (SIZE, SIZE)).astype("float32")
    found = []
    for _ in range(generator.integers(1, MOST + 1)):
        width, height = generator.integers(SMALLEST, LARGEST + 1, 2)
        x, y = generator.integers(0, SIZE - width + 1), generator.integers(0, SIZE - height + 1)
        if any(x < x2 and x1 < x + width and y < y2 and y1 < y + height for _, x1, y1, x2, y2 in found):
            continue
        which = generator.integers(len(images))
        ink = generator.uniform(0.6, 1.0) * stretched(images[which], width, height)
        picture[y : y + height, x : x + width] += ink
        found.append((digits[which], x, y, x + width, y + height))
    return picture, np.array(found, "float32")


def targets(found):
    """For each location its class (0 background, digit + 1) and the distances to the edges of its box."""
    target = np.zeros((len(CENTERS), 5), "float32")
    for digit, *box in found:
        distances = np.concatenate([CENTERS - box[:2], box[2:] - CENTERS], axis=1)
        inside = distances.min(axis=1) > 0
        target[inside, 0], target[inside, 1:] = digit + 1, distances[inside] / UNIT
    return target


class Scenes(keras.utils.PyDataset):
    """Batches of new scenes; the same seed gives the same ones."""

    def __init__(self, batches, seed):
        super().__init__()
        self.batches, self.seed, self.epoch = batches, seed, 0

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        generator = np.random.default_rng([self.seed, self.epoch, index])
        pictures, found = zip(*(scene(generator, SEEN, SEEN_DIGITS) for _ in range(BATCH)), strict=True)
        return np.stack(pictures)[..., None], np.stack([targets(boxes) for boxes in found])

    def on_epoch_end(self):
        self.epoch += 1


def network():
    """Three steps down to see whole digits, and one up again beside the finer detail."""

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
    return keras.Model(picture, keras.layers.Concatenate()([classes, distances, centerness]))


def detections(predicted, most=50, least=0.05):
    """For each picture rows of score, digit and box, the best first; of boxes that overlap only the best."""
    certain = 1 / (1 + np.exp(-predicted[..., [*range(10), 14]]))
    scores = np.sqrt(certain[..., :10].max(axis=-1) * certain[..., 10])
    order = np.argsort(-scores, axis=-1, kind="stable")[:, :most, None]
    scores, predicted = (
        np.take_along_axis(scores[..., None], order, 1),
        np.take_along_axis(predicted, order, 1),
    )
    centers, distances = CENTERS[order[..., 0]], UNIT * predicted[..., 10:14]
    boxes = np.concatenate([centers - distances[..., :2], centers + distances[..., 2:]], axis=-1)
    rows = np.concatenate([scores, predicted[..., :10].argmax(axis=-1)[..., None], boxes], axis=-1)
    found = []
    for row, overlap in zip(rows, overlaps(boxes, boxes), strict=True):
        kept = []
        for i in np.flatnonzero(row[:, 0] > least):
            if all(overlap[i, j] < 0.5 for j in kept):
                kept.append(i)
        found.append(row[kept])
    return found


def overlaps(one, other):
    """The IoU of each box with each other on the same picture; 0 where a picture has fewer."""

    def padded(pictures):
        longest = max(map(len, pictures))
        return np.stack([np.pad(boxes, ((0, longest - len(boxes)), (0, 0))) for boxes in pictures])

    return keras.ops.convert_to_numpy(keraslosses.pairwise_iou(padded(one), padded(other)))


def judged(truth, found):
    """Mean IoU and average precision at 0.5."""
    best, marks = [], []
    shared = overlaps([true[:, 1:] for true in truth], [boxes[:, 2:] for boxes in found])
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
    recall, precision = np.cumsum(right) / len(best), np.cumsum(right) / np.arange(1, len(right) + 1)
    # The area under the precision at each recall, or at a higher one if that is better.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.mean(best)), float(np.sum(np.diff(recall, prepend=0.0) * precision))


class Judge(keras.callbacks.Callback):
    """The mean IoU on unseen scenes after each epoch."""

    def __init__(self, pictures, truth):
        super().__init__()
        self.pictures, self.truth, self.curve = pictures, truth, []

    def on_epoch_end(self, epoch, logs=None):
        predicted = self.model.predict(self.pictures, verbose=0)
        self.curve.append(judged(self.truth, detections(predicted))[0])


def train(name, seed, epochs, batches, judge):
    """A detector trained with one box loss."""
    keras.utils.set_random_seed(seed)
    model = network()
    loss = keraslosses.FCOS(num_classes=10, box_loss=BOX_LOSSES[name])
    rate = keras.optimizers.schedules.CosineDecay(0.004, epochs * batches, alpha=0.02)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=[loss.component(part) for part in loss.parts])
    model.fit(Scenes(batches, seed), epochs=epochs, verbose=0, callbacks=[judge])
    return model


def draw_boxes(pictures, truth, found, columns=6):
    """One row of scenes for each box loss: true boxes dashed, found ones with digit and score."""
    from matplotlib import pyplot
    from matplotlib.patches import Rectangle

    figure, axes = pyplot.subplots(
        len(found), columns, figsize=(2 * columns, 2.1 * len(found)), squeeze=False, layout="constrained"
    )
    for row, (name, detected) in zip(axes, found.items(), strict=True):
        row[0].set_ylabel(name)
        for axis, picture, true, boxes in zip(row, pictures, truth, detected, strict=False):
            axis.imshow(picture[..., 0], cmap="gray_r", extent=(0, SIZE, SIZE, 0))
            axis.set(xticks=[], yticks=[], xlim=(-4, SIZE + 4), ylim=(SIZE + 4, -4))
            for _, x1, y1, x2, y2 in true:
                axis.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color="C0", linestyle="--"))
            for score, digit, x1, y1, x2, y2 in boxes[boxes[:, 0] > 0.3]:
                axis.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color="C3"))
                axis.text(x1, y1, f"{digit:.0f}: {score:.2f}", color="C3", fontsize=7, va="bottom")
    figure.suptitle("Unseen scenes: true boxes (dashed blue) and found ones (red, with digit and score)")
    figure.savefig("detector-boxes.png", dpi=110)
    pyplot.close(figure)


def draw_curves(curves):
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for name, curve in curves.items():
        axis.plot(np.arange(1, len(curve) + 1), curve, label=name)
    axis.set(xlabel="epoch", ylabel="mean IoU on unseen scenes", title="The detector, by box loss")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig("detector-curves.png", dpi=110)
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description="A detector of digits, trained with several box losses.")
    parser.add_argument("--losses", nargs="+", choices=BOX_LOSSES, default=list(BOX_LOSSES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batches", type=int, default=60, help=f"steps in an epoch, {BATCH} scenes each")
    parser.add_argument("--scenes", type=int, default=200, help="unseen scenes to judge by")
    options = parser.parse_args()

    generator = np.random.default_rng(12345)
    pictures, truth = zip(
        *(scene(generator, UNSEEN, UNSEEN_DIGITS) for _ in range(options.scenes)), strict=True
    )
    pictures = np.stack(pictures)[..., None]
    found, curves = {}, {}
    print(f"{'box loss':12}{'mean IoU':>18}{'AP@0.5':>18}{'seconds':>9}")
    for name in options.losses:
        results, start = [], time.perf_counter()
        for seed in options.seeds:
            judge = Judge(pictures[:50], truth[:50])
            model = train(name, seed, options.epochs, options.batches, judge)
            detected = detections(model.predict(pictures, verbose=0))
            results.append(judged(truth, detected))
            if seed == options.seeds[0]:
                found[name], curves[name] = detected, judge.curve
        seconds = (time.perf_counter() - start) / len(options.seeds)
        columns = [f"{values.mean():.3f} ± {values.std():.3f}" for values in np.array(results).T]
        print(f"{name:12}{columns[0]:>18}{columns[1]:>18}{seconds:9.0f}", flush=True)
    draw_boxes(pictures, truth, found)
    draw_curves(curves)


if __name__ == "__main__":
    main()
