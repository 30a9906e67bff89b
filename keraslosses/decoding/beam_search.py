"""Prefix beam search over the labels of one sequence, in NumPy."""

import numpy as np

ROOT = 0
NONE = -1


class Trie:
    """Prefixes of labels. Each prefix has one number, no matter how it was reached."""

    def __init__(self) -> None:
        self.above: list[tuple[int, int]] = [(NONE, NONE)]
        self.children: dict[tuple[int, int], int] = {}

    def child(self, node: int, label: int) -> int:
        """The number of the prefix with one more label."""
        if (node, label) not in self.children:
            self.children[node, label] = len(self.above)
            self.above.append((node, label))
        return self.children[node, label]

    def labels(self, node: int) -> list[int]:
        """The labels of a prefix, from first to last."""
        found = []
        while node != ROOT:
            node, label = self.above[node]
            found.append(label)
        return found[::-1]


def beam_search(log_probs: np.ndarray, blank: int, beam_width: int, top_paths: int) -> list[list[int]]:
    """The most probable labels of one sequence, best first; fewer than `top_paths` if there are no more.

    Each prefix has two probabilities: of the alignments that end in a blank, and of those that end in its
    last label. After each frame, the `beam_width` prefixes with the largest sum of both are kept. A beam that
    is wide enough for all prefixes finds the most probable labels.

    `log_probs` `(frames, classes)` holds only the frames that count; `blank` must not be negative.

    Source: Hannun et al., First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional
    Recurrent DNNs, 2014, algorithm 1, without a language model.
    """
    trie = Trie()
    nodes, parents, last = np.array([ROOT]), np.array([NONE]), np.array([blank])
    by_blank, by_label = np.array([0.0]), np.array([-np.inf])
    for row in log_probs:
        total = np.logaddexp(by_blank, by_label)
        grown = total[:, None] + row
        # Repeating the last label makes a longer prefix only after a blank.
        grown[np.arange(len(nodes)), last] = by_blank + row[last]
        grown[:, blank] = -np.inf
        by_blank, by_label = total + row[blank], by_label + row[last]
        # If a prefix grows to another prefix of the beam, the probabilities are added.
        longer, shorter = np.nonzero(parents[:, None] == nodes)
        label = last[longer]
        by_label[longer] = np.logaddexp(by_label[longer], grown[shorter, label])
        grown[shorter, label] = -np.inf

        kept, new = largest(np.logaddexp(by_blank, by_label), grown, beam_width)
        at, label = np.divmod(new, len(row))
        children = [trie.child(int(node), int(symbol)) for node, symbol in zip(nodes[at], label, strict=True)]
        by_blank = np.append(by_blank[kept], np.full(len(new), -np.inf))
        by_label = np.append(by_label[kept], grown[at, label])
        parents, last = np.append(parents[kept], nodes[at]), np.append(last[kept], label)
        nodes = np.append(nodes[kept], children).astype(int)
    best = np.argsort(-np.logaddexp(by_blank, by_label), kind="stable")[:top_paths]
    return [trie.labels(int(node)) for node in nodes[best]]


def largest(kept: np.ndarray, grown: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The flat indices of the `width` largest values of two arrays, without those of -inf: for each array."""
    scores = np.append(kept, grown)
    chosen = np.argpartition(-scores, width)[:width] if width < len(scores) else np.arange(len(scores))
    chosen = np.sort(chosen[scores[chosen] > -np.inf])
    return chosen[chosen < len(kept)], chosen[chosen >= len(kept)] - len(kept)
