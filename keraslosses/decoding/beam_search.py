"""Prefix beam search over the labels of one sequence, in NumPy."""

import numpy as np

ROOT = 0
NONE = -1


class Trie:
    """Prefixes of labels, each with a number of its own, whatever way it was reached."""

    def __init__(self) -> None:
        self.above: list[tuple[int, int]] = [(NONE, NONE)]
        self.children: dict[tuple[int, int], int] = {}

    def child(self, node: int, label: int) -> int:
        """The prefix with one more label."""
        if (node, label) not in self.children:
            self.children[node, label] = len(self.above)
            self.above.append((node, label))
        return self.children[node, label]

    def labels(self, node: int) -> list[int]:
        """The labels of a prefix, first to last."""
        found = []
        while node != ROOT:
            node, label = self.above[node]
            found.append(label)
        return found[::-1]


def beam_search(log_probs: np.ndarray, blank: int, beam_width: int, top_paths: int) -> list[list[int]]:
    """The most probable labels of one sequence, best first; fewer than `top_paths` if there are no more.

    A prefix keeps two probabilities, of the alignments that end in a blank and in its last label, and after
    every frame the `beam_width` prefixes of the largest sum are kept. Nothing is lost but what falls out of
    the beam, so a beam that holds every prefix finds the best labels there are.

    `log_probs` `(frames, classes)` holds only the frames that count; `blank` is counted from the front.

    Source: Hannun et al., First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional
    Recurrent DNNs, 2014, algorithm 1, without a language model.
    """
    trie = Trie()
    nodes, parents, last = np.array([ROOT]), np.array([NONE]), np.array([blank])
    by_blank, by_label = np.array([0.0]), np.array([-np.inf])
    for row in log_probs:
        total = np.logaddexp(by_blank, by_label)
        grown = total[:, None] + row
        # The last label once more makes a longer prefix only after a blank.
        grown[np.arange(len(nodes)), last] = by_blank + row[last]
        grown[:, blank] = -np.inf
        by_blank, by_label = total + row[blank], by_label + row[last]
        # A prefix that grows into another one of the beam adds to it.
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
    """Where the `width` largest of two arrays are, impossible ones left out: places in each, flattened."""
    scores = np.append(kept, grown)
    chosen = np.argpartition(-scores, width)[:width] if width < len(scores) else np.arange(len(scores))
    chosen = np.sort(chosen[scores[chosen] > -np.inf])
    return chosen[chosen < len(kept)], chosen[chosen >= len(kept)] - len(kept)
