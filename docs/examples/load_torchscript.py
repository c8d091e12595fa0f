"""The five best names for a photo, from a TorchScript file alone.

python load_torchscript.py world.torchscript.pt photo.jpg

Needs torch, numpy and Pillow. The file is a program: load only what you made yourself.
"""

import sys

import numpy as np
import torch
from PIL import Image, ImageOps

model, photo = sys.argv[1:3]
predictor = torch.jit.load(model, map_location="cpu")

image = ImageOps.exif_transpose(Image.open(photo)).convert("RGB")  # upright, of any size
planes = torch.from_numpy(np.array(image)).permute(2, 0, 1)  # (3, H, W) uint8
probabilities = predictor(planes[None])[0]  # (K,)

best = probabilities.topk(min(5, len(predictor.class_names)))
for probability, number in zip(*best, strict=True):
    print(f"{probability:6.1%}  {predictor.class_names[number]}")
