"""
Reading strings of handwritten digits
=====================================

A strip holds three to eight real digits (those of 8 by 8 pixels that scikit-learn ships) of varying size,
spacing and slant, made on the fly. The labels are the digits in their order; nobody says where they stand.
The network is a CRNN: convolutions turn each four columns of a strip into a frame, a recurrent layer looks at
the frames from both sides, and CTC compares them with the digits. Strips differ in width: `SequenceMask` says
to the recurrent layer, the loss and the metric where each ends.

After each epoch it prints the loss and the character error rate on strips of digits that it has never seen.
Then it reads these strips with both strategies of `ctc_decode`, and draws some of them into
`digit-strips.png`: the strip, the probability of each class in each frame, the text that was read, and the
most probable alignment of the true text. Set ``KERAS_BACKEND`` to ``tensorflow``, ``jax`` or ``torch``.
"""

import argparse
import time

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keraslosses

HEIGHT, WIDTH, COLUMNS, BATCH = 16, 160, 4, 32
FEWEST, MOST = 3, 8
READERS = {"greedy": {"strategy": "greedy"}, "beam search": {"strategy": "beam_search", "beam_width": 8}}
# Class 0 is the blank, class 1 + d the digit d.
CLASSES = 11

images, digits = load_digits(return_X_y=True)
SEEN, UNSEEN, SEEN_DIGITS, UNSEEN_DIGITS = train_test_split(
    images.reshape(-1, 8, 8).astype("float32") / 16, digits, test_size=0.3, stratify=digits, random_state=0
)


def written(image, height, width, slant):
    """The image in another size, leaning by `slant` columns for each row, between its pixels linearly."""
    used = np.flatnonzero((image > 0.1).any(axis=0))
    image = np.pad(image[:, used[0] : used[-1] + 1], 1)
    lean = abs(slant) * height
    rows, columns = np.mgrid[:height, : int(np.ceil(width + lean))] + 0.5
    columns = columns - lean / 2 - width / 2 + slant * (rows - height / 2)
    y = np.clip(rows / height * (image.shape[0] - 2) + 0.5, 0, image.shape[0] - 1.001)
    x = np.clip((columns / width + 0.5) * (image.shape[1] - 2) + 0.5, 0, image.shape[1] - 1.001)
    top, left = y.astype(int), x.astype(int)
    down, right = y - top, x - left
    upper = image[top, left] * (1 - right) + image[top, left + 1] * right
    lower = image[top + 1, left] * (1 - right) + image[top + 1, left + 1] * right
    return upper * (1 - down) + lower * down


def strip(generator, images, digits):
    """A strip `(HEIGHT, WIDTH)`, how many of its columns are used, and its digits."""
    canvas = np.zeros((HEIGHT, WIDTH), "float32")
    slant, used, text = generator.uniform(-0.3, 0.3), 0, []
    for which in generator.integers(len(images), size=generator.integers(FEWEST, MOST + 1)):
        height = int(generator.integers(11, HEIGHT + 1))
        ink = written(images[which], height, generator.uniform(7, 12), slant + generator.uniform(-0.1, 0.1))
        # One that leans may stand a little under or over the one before.
        start = max(used + int(generator.integers(-2, 5)), 0)
        if start + ink.shape[1] > WIDTH:
            break
        used, top = start + ink.shape[1], int(generator.integers(HEIGHT - height + 1))
        canvas[top : top + height, start:used] += generator.uniform(0.6, 1.0) * ink
        text.append(digits[which])
    canvas[:, :used] += generator.normal(0, 0.05, (HEIGHT, used))
    return canvas, used, text


def batch_of(strips):
    """Inputs and labels of strips: the frames that each has, and its digits filled up with -1."""
    pictures, widths, texts = zip(*strips, strict=True)
    labels = np.full((len(texts), MOST), -1, "int32")
    for row, text in zip(labels, texts, strict=True):
        row[: len(text)] = 1 + np.array(text)
    # Columns first: they become the frames.
    pictures = np.stack(pictures).transpose(0, 2, 1)[..., None]
    return (pictures, -(-np.array(widths, "int32") // COLUMNS)), labels


class Strips(keras.utils.PyDataset):
    """Batches of new strips; the same seed gives the same ones."""

    def __init__(self, batches, seed):
        super().__init__()
        self.batches, self.seed, self.epoch = batches, seed, 0

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        generator = np.random.default_rng([self.seed, self.epoch, index])
        return batch_of(strip(generator, SEEN, SEEN_DIGITS) for _ in range(BATCH))

    def on_epoch_end(self):
        self.epoch += 1


def network():
    """Convolutions make 40 frames of 160 columns; a recurrent layer reads those that belong to the strip."""

    def convolution(x, width, pool):
        x = keras.layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
        return keras.layers.MaxPooling2D(pool)(x)

    pictures = keras.Input((WIDTH, HEIGHT, 1), name="pictures")
    frames = keras.Input((), dtype="int32", name="frames")
    x = convolution(convolution(convolution(pictures, 16, 2), 32, 2), 64, (1, 2))
    x = keras.layers.Reshape((WIDTH // COLUMNS, -1))(x)
    x = keraslosses.SequenceMask()(x, frames)
    x = keras.layers.Bidirectional(keras.layers.GRU(48, return_sequences=True))(x)
    # The frames behind the end become blanks, for `predict`, which drops masks.
    logits = keraslosses.SequenceMask(blank_index=0)(keras.layers.Dense(CLASSES)(x), frames)
    return keras.Model([pictures, frames], logits)


class Report(keras.callbacks.Callback):
    """A line for each epoch."""

    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()
        print(f"{'epoch':>5}{'loss':>9}{'loss, unseen':>14}{'error rate, unseen':>20}{'seconds':>9}")

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.start
        rate = f"{100 * logs['val_edit_distance']:.1f} %"
        losses = f"{logs['loss']:9.2f}{logs['val_loss']:14.2f}"
        print(f"{epoch + 1:5}{losses}{rate:>20}{seconds:9.0f}", flush=True)


def error_rate(labels, found):
    metric = keraslosses.EditDistance()
    metric.update_state(labels, found)
    return float(metric.result())


def text(labels):
    return "".join(str(label - 1) for label in labels if label > 0)


def aligned(log_probs, labels):
    """The class of each frame on the most probable path of the labels."""
    # There may be blanks between the labels, before and behind them; there must be one between equal labels.
    classes = [0]
    for label in labels:
        classes += [label, 0]
    may_skip = [i > 1 and classes[i] not in (0, classes[i - 2]) for i in range(len(classes))]
    best = np.full(len(classes), -np.inf)
    best[:2] = log_probs[0, classes[:2]]
    steps = []
    for frame in log_probs[1:]:
        nowhere = np.concatenate([[-np.inf, -np.inf], best])
        come = np.stack([best, nowhere[1:-1], np.where(may_skip, nowhere[:-2], -np.inf)])
        steps.append(come.argmax(axis=0))
        best = come.max(axis=0) + frame[classes]
    # It ends at the last label or the blank behind it.
    path = [max(range(len(classes))[-2:], key=lambda place: best[place])]
    for step in reversed(steps):
        path.append(path[-1] - step[path[-1]])
    return np.array(classes)[path[::-1]]


def draw(inputs, labels, logits, found, shown=4):
    """For each strip the picture, and below it the probabilities with the alignment of the true text."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        2 * shown, figsize=(9, 3 * shown), height_ratios=[1, 2.4] * shown, sharex=True, layout="constrained"
    )
    pictures, frames = inputs
    for i, (above, below) in enumerate(axes.reshape(shown, 2)):
        count, true = frames[i], labels[i][labels[i] > 0]
        log_probs = logits[i, :count] - np.logaddexp.reduce(logits[i, :count], axis=1, keepdims=True)
        picture = pictures[i, : count * COLUMNS, :, 0].T
        above.imshow(picture, cmap="gray_r", aspect="auto", extent=(0, count, HEIGHT, 0))
        above.set(yticks=[], title=f"true {text(true)}, read {text(found[i])}")
        place = {"extent": (0, count, CLASSES - 0.5, -0.5), "aspect": "auto"}
        heat = below.imshow(np.exp(log_probs).T, cmap="Blues", vmin=0, vmax=1, **place)
        path = aligned(log_probs, true)
        (line,) = below.plot(np.arange(count) + 0.5, path, "C3.-", linewidth=0.6, markersize=6)
        below.set_yticks(range(CLASSES), ["blank", *map(str, range(10))], fontsize=7)
    below.set(xlabel="frame", xlim=(0, max(frames[:shown])))
    figure.legend([line], ["the most probable alignment of the true text"], loc="outside lower right")
    figure.colorbar(heat, ax=axes, label="probability", shrink=0.4)
    figure.savefig("digit-strips.png", dpi=110)
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description="Strings of digits, read by a CRNN that CTC trains.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batches", type=int, default=60, help=f"steps in an epoch, {BATCH} strips each")
    parser.add_argument("--strips", type=int, default=400, help="unseen strips to judge by")
    options = parser.parse_args()

    generator = np.random.default_rng(12345)
    inputs, labels = batch_of(strip(generator, UNSEEN, UNSEEN_DIGITS) for _ in range(options.strips))
    keras.utils.set_random_seed(options.seed)
    model = network()
    rate = keras.optimizers.schedules.CosineDecay(0.004, options.epochs * options.batches, alpha=0.02)
    model.compile(keras.optimizers.Adam(rate), keraslosses.CTC(), metrics=[keraslosses.EditDistance()])
    model.fit(
        Strips(options.batches, options.seed),
        epochs=options.epochs,
        validation_data=(inputs, labels),
        validation_batch_size=100,
        callbacks=[Report()],
        verbose=0,
    )
    logits = model.predict(inputs, verbose=0)
    for name, options in READERS.items():
        found = keras.ops.convert_to_numpy(keraslosses.ctc_decode(logits, **options)[0])
        whole = np.mean([text(a) == text(b) for a, b in zip(labels, found, strict=True)])
        rate = error_rate(labels, found)
        print(f"{name}: character error rate {100 * rate:.1f} %, strips without an error {100 * whole:.0f} %")
    draw(inputs, labels, logits, found)


if __name__ == "__main__":
    main()
