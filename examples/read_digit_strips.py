"""
Reading strings of handwritten digits
=====================================

A picture shows a string of digits, and the label is the string. Nobody says where each
digit is in the picture. ``CTC`` trains a model from such labels: it adds up the
probabilities of all ways to write the label under the frames of the picture.

This example trains a small network to read strings of three to eight digits. It also
shows ``SequenceMask``, which says where each picture ends, ``ctc_decode``, which reads
the digits from the output of the model, and ``EditDistance``, the metric. The picture
at the end shows in which frames the model sees each digit.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keraslosses

# %%
# The settings
# ------------

EPOCHS = 6
BATCHES = 60  # steps in an epoch
STRIPS = 400  # strips for the test

# %%
# The strips
# ----------
# A strip is 16 pixels high and up to 160 pixels wide. It shows digits of scikit-learn,
# with different sizes, distances and slants. The digits of the test strips are not used
# in training.

HEIGHT, WIDTH, COLUMNS, BATCH = 16, 160, 4, 32
FEWEST, MOST = 3, 8
# Class 0 is the blank, class 1 + d is the digit d.
CLASSES = 11

images, digits = load_digits(return_X_y=True)
images = images.reshape(-1, 8, 8).astype("float32") / 16
SEEN, UNSEEN, SEEN_DIGITS, UNSEEN_DIGITS = train_test_split(
    images, digits, test_size=0.3, stratify=digits, random_state=0
)


def written(image, height, width, slant):
    """The image resized, and slanted by `slant` columns for each row."""
    used = np.flatnonzero((image > 0.1).any(axis=0))
    image = np.pad(image[:, used[0] : used[-1] + 1], 1)
    lean = abs(slant) * height
    rows, columns = np.mgrid[:height, : int(np.ceil(width + lean))] + 0.5
    columns = columns - lean / 2 - width / 2 + slant * (rows - height / 2)
    y = np.clip(rows / height * (image.shape[0] - 2) + 0.5, 0, image.shape[0] - 1.001)
    x = np.clip(
        (columns / width + 0.5) * (image.shape[1] - 2) + 0.5, 0, image.shape[1] - 1.001
    )
    top, left = y.astype(int), x.astype(int)
    down, right = y - top, x - left
    upper = image[top, left] * (1 - right) + image[top, left + 1] * right
    lower = image[top + 1, left] * (1 - right) + image[top + 1, left + 1] * right
    return upper * (1 - down) + lower * down


def strip(generator, images, digits):
    """A strip `(HEIGHT, WIDTH)`, how many of its columns are used, and its digits."""
    canvas = np.zeros((HEIGHT, WIDTH), "float32")
    slant, used, text = generator.uniform(-0.3, 0.3), 0, []
    for which in generator.integers(
        len(images), size=generator.integers(FEWEST, MOST + 1)
    ):
        height = int(generator.integers(11, HEIGHT + 1))
        ink = written(
            images[which],
            height,
            generator.uniform(7, 12),
            slant + generator.uniform(-0.1, 0.1),
        )
        # Slanted digits may overlap a little.
        start = max(used + int(generator.integers(-2, 5)), 0)
        if start + ink.shape[1] > WIDTH:
            break
        used, top = start + ink.shape[1], int(generator.integers(HEIGHT - height + 1))
        canvas[top : top + height, start:used] += generator.uniform(0.6, 1.0) * ink
        text.append(digits[which])
    canvas[:, :used] += generator.normal(0, 0.05, (HEIGHT, used))
    return canvas, used, text


# %%
# The batches
# -----------
# Four columns of a strip make a *frame*. The model gets the pictures and the number of
# frames of each. The labels are padded with -1.


def batch_of(strips):
    """Pictures with their numbers of frames, and labels."""
    pictures, widths, texts = zip(*strips, strict=True)
    labels = np.full((len(texts), MOST), -1, "int32")
    for row, text in zip(labels, texts, strict=True):
        row[: len(text)] = 1 + np.array(text)
    # Columns first: they become the frames.
    pictures = np.stack(pictures).transpose(0, 2, 1)[..., None]
    return (pictures, -(-np.array(widths, "int32") // COLUMNS)), labels


class Strips(keras.utils.PyDataset):
    """Batches of new strips. The same seed gives the same strips."""

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


# %%
# The network
# -----------
# Convolutions make 40 frames of the 160 columns. A recurrent layer reads the frames
# from left to right and from right to left. The first ``SequenceMask`` tells the
# recurrent layer, the loss and the metric where each strip ends. The second one makes
# the frames after the end blank, because ``predict`` does not keep masks.


def network():
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
    logits = keraslosses.SequenceMask(blank_index=0)(
        keras.layers.Dense(CLASSES)(x), frames
    )
    return keras.Model([pictures, frames], logits)


# %%
# Training
# --------
# The edit distance is the character error rate: the number of digits to insert, delete
# or replace, divided by the number of digits in the labels.

generator = np.random.default_rng(12345)
inputs, labels = batch_of(
    strip(generator, UNSEEN, UNSEEN_DIGITS) for _ in range(STRIPS)
)
keras.utils.set_random_seed(0)
model = network()
rate = keras.optimizers.schedules.CosineDecay(0.004, EPOCHS * BATCHES, alpha=0.02)
model.compile(
    keras.optimizers.Adam(rate), keraslosses.CTC(), metrics=[keraslosses.EditDistance()]
)
history = model.fit(
    Strips(BATCHES, seed=0),
    epochs=EPOCHS,
    validation_data=(inputs, labels),
    validation_batch_size=100,
    verbose=0,
).history
print("epoch     loss  loss, test  error rate, test")
for epoch in range(EPOCHS):
    losses = f"{history['loss'][epoch]:9.2f}{history['val_loss'][epoch]:12.2f}"
    print(f"{epoch + 1:5}{losses}{history['val_edit_distance'][epoch]:18.1%}")

# %%
# Reading
# -------
# ``ctc_decode`` has two strategies. Greedy reading takes the best class of each frame.
# Beam search adds up the probabilities of all ways to write a string, and looks for the
# string with the highest sum.


def text(labels):
    return "".join(str(label - 1) for label in labels if label > 0)


def error_rate(labels, found):
    metric = keraslosses.EditDistance()
    metric.update_state(labels, found)
    return float(metric.result())


READERS = {
    "greedy": {"strategy": "greedy"},
    "beam search": {"strategy": "beam_search", "beam_width": 8},
}
logits = model.predict(inputs, verbose=0)
for name, options in READERS.items():
    found = keras.ops.convert_to_numpy(keraslosses.ctc_decode(logits, **options)[0])
    whole = np.mean([text(a) == text(b) for a, b in zip(labels, found, strict=True)])
    rate = error_rate(labels, found)
    print(f"{name}: error rate {rate:.1%}, strips without an error {whole:.0%}")

# %%
# Where does the model see each digit?
# ------------------------------------
# The *alignment* of a label is the most probable way to write it under the frames.


def aligned(log_probs, labels):
    """The class of each frame on the most probable path of the labels."""
    # Blanks may be anywhere. Between two equal labels there must be one.
    classes = [0]
    for label in labels:
        classes += [label, 0]
    may_skip = [
        i > 1 and classes[i] not in (0, classes[i - 2]) for i in range(len(classes))
    ]
    best = np.full(len(classes), -np.inf)
    best[:2] = log_probs[0, classes[:2]]
    steps = []
    for frame in log_probs[1:]:
        nowhere = np.concatenate([[-np.inf, -np.inf], best])
        come = np.stack(
            [best, nowhere[1:-1], np.where(may_skip, nowhere[:-2], -np.inf)]
        )
        steps.append(come.argmax(axis=0))
        best = come.max(axis=0) + frame[classes]
    # It ends at the last label, or at the blank after it.
    path = [max(range(len(classes))[-2:], key=lambda place: best[place])]
    for step in reversed(steps):
        path.append(path[-1] - step[path[-1]])
    return np.array(classes)[path[::-1]]


# %%
# Below each strip are the probabilities of the eleven classes in each frame, in blue,
# and the alignment of the true label, in red. Most digits are seen in one or two
# frames, with blanks between them.

SHOWN = 3
figure, axes = plt.subplots(
    2 * SHOWN,
    figsize=(9, 3 * SHOWN),
    height_ratios=[1, 2.4] * SHOWN,
    sharex=True,
    layout="constrained",
)
pictures, frames = inputs
for i, (above, below) in enumerate(axes.reshape(SHOWN, 2)):
    count, true = frames[i], labels[i][labels[i] > 0]
    log_probs = logits[i, :count]
    log_probs = log_probs - np.logaddexp.reduce(log_probs, axis=1, keepdims=True)
    picture = pictures[i, : count * COLUMNS, :, 0].T
    above.imshow(picture, cmap="gray_r", aspect="auto", extent=(0, count, HEIGHT, 0))
    above.set(yticks=[], title=f"true {text(true)}, read {text(found[i])}")
    place = {"extent": (0, count, CLASSES - 0.5, -0.5), "aspect": "auto"}
    heat = below.imshow(np.exp(log_probs).T, cmap="Blues", vmin=0, vmax=1, **place)
    path = aligned(log_probs, true)
    (line,) = below.plot(
        np.arange(count) + 0.5, path, "C3.-", linewidth=0.6, markersize=6
    )
    below.set_yticks(range(CLASSES), ["blank", *map(str, range(10))], fontsize=7)
below.set(xlabel="frame", xlim=(0, max(frames[:SHOWN])))
figure.legend([line], ["alignment of the true label"], loc="outside lower right")
figure.colorbar(heat, ax=axes, label="probability", shrink=0.4)
figure.savefig("digit-strips.png")
