"""One recognizer: a bundle on disk, ONNX Runtime under it, a verdict on top."""
