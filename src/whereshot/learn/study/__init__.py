"""Which pretrained network? Many are trained, and their accuracy is set against their time."""
