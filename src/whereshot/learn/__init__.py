"""Training: from folders of photos to a bundle. Torch is imported here and nowhere else.

What only reads folders and numbers (`config`, `dataset`, `duplicates`, `metrics`, `calibrate` and
the package `sets`) does without torch, so that the base install can use it. So do `evaluate` and
the package `report`, until it is a training run that is evaluated.
"""
