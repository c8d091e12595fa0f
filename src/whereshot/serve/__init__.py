"""The app and the HTTP API; both see a `Recognizer` and nothing beneath it."""
