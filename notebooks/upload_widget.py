"""Photos go in by a button, answers come out below it: the app in a notebook."""

from __future__ import annotations

from typing import Any

import ipywidgets
from IPython.display import display

from whereshot.errors import PhotoError
from whereshot.learn.show import show_answers
from whereshot.records import Recognizer


def upload_widget(recognizer: Recognizer) -> ipywidgets.Widget:
    """A button to choose photos with, and room for what the recognizer says of them."""
    button = ipywidgets.FileUpload(
        accept="image/*,.heic,.heif,.avif", multiple=True, description="Choose photos"
    )
    answers = ipywidgets.Output()

    def answer(change: dict[str, Any]) -> None:
        answers.clear_output(wait=True)
        with answers:
            for file in change["new"]:
                try:
                    display(show_answers(recognizer, [bytes(file["content"])]))
                except PhotoError as error:
                    print(f"{file['name']}: {error}")

    button.observe(answer, names="value")
    return ipywidgets.VBox([button, answers])
