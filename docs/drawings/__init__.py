"""Drawings for losses that a curve explains badly: boxes, angles, masks, pairs and alignments."""

from drawings import alignments, angles, boxes, detectors, order, pairs, regions, shapes, wrong_pixels
from drawings.drawing import Drawing

DRAWINGS: dict[str, Drawing] = {
    name: drawing
    for module in (boxes, detectors, angles, regions, wrong_pixels, shapes, pairs, order, alignments)
    for name, drawing in module.DRAWINGS.items()
}
