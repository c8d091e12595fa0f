"""The five best names for a photo, from an ExportedProgram alone.

python load_exported.py world.exported.pt2 photo.jpg

Needs torch, numpy and Pillow.
"""

import json
import sys

import numpy as np
import torch
from PIL import Image, ImageOps

model, photo = sys.argv[1:3]
extra = {"classes.json": "", "preprocessing.json": ""}  # torch fills them in
program = torch.export.load(model, extra_files=extra).module()
names, about = (json.loads(text) for text in extra.values())
square = (about["size"], about["size"])

image = ImageOps.exif_transpose(Image.open(photo)).convert("RGB")
resize = ImageOps.fit if about["fit"] == "crop" else Image.Image.resize
pixels = torch.from_numpy(np.array(resize(image, square, Image.Resampling.BICUBIC)))
logits = program(pixels[None])["logits"][0]  # (K,)

best = torch.softmax(logits / about["temperature"], 0).topk(min(5, len(names)))
for probability, number in zip(*best, strict=True):
    print(f"{probability:6.1%}  {names[number]}")
