"""Training: from folders of photos to a bundle. Torch is imported here and nowhere else.

The modules that only read folders and numbers (`config`, `dataset`, `duplicates`, `survey`,
`findings`, `figures`, `download`, `unpack`, `fetch`, `metrics`, `calibrate`) do without torch, so
that the base install can use them. So does all of `evaluate` and `report`, until it is a training
run that is evaluated.
"""
