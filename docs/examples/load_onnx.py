"""The five best names for a photo, from an ONNX file alone.

python load_onnx.py world/model.onnx photo.jpg

Needs onnxruntime, numpy and Pillow.
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

model, photo = sys.argv[1:3]
session = onnxruntime.InferenceSession(model)
about = session.get_modelmeta().custom_metadata_map  # what a photo must be made into, names
square = (int(about["size"]), int(about["size"]))

image = ImageOps.exif_transpose(Image.open(photo)).convert("RGB")
resize = ImageOps.fit if about["fit"] == "crop" else Image.Image.resize
pixels = np.array(resize(image, square, Image.Resampling.BICUBIC))  # (S, S, 3) uint8
(logits,) = session.run(["logits"], {"pixels": pixels[None]})  # (1, K)

powers = np.exp((logits[0] - logits[0].max()) / float(about["temperature"]))
probabilities, names = powers / powers.sum(), json.loads(about["classes"])
for number in np.argsort(-probabilities)[:5]:
    print(f"{probabilities[number]:6.1%}  {names[number]}")
