"""Weights on timm's hub: from this machine's cache, or from a hub that answers.

A download that can't connect is tried again for most of a minute by the hub's own client. Asking
first whether anybody answers makes the same failure a matter of seconds.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import huggingface_hub
import torch
from huggingface_hub import try_to_load_from_cache
from huggingface_hub.utils import get_session
from timm.models import get_pretrained_cfg

ANSWER_SECONDS = 4.0
"""A hub that has not answered by then is out of reach; one that has may take its time."""

_FILES = ("model.safetensors", "pytorch_model.bin")  # what timm looks for, in its order


def find_weights(name: str) -> dict[str, Any]:
    """Options of `timm.create_model` that load a network's weights from the hub or its cache.

    Weights that were downloaded before are taken as they are, without a word to the network.
    Raises ConnectionError within seconds where they would have to be downloaded and nobody
    answers. A network without weights is left to timm, which says so.
    """
    config = get_pretrained_cfg(name)
    if config is None:
        return {}
    if config.hf_hub_id:
        cached = _cached(config.hf_hub_id, config.hf_hub_filename)
        if cached is not None:
            return {"pretrained_cfg_overlay": {"file": str(cached)}}
        _check_answers(huggingface_hub.constants.ENDPOINT)
    elif config.url:
        url = config.url if isinstance(config.url, str) else config.url[0]  # the rest is a hash
        if not _downloaded(url):
            _check_answers(url)
    return {}


def _cached(repository: str, filename: str | None) -> Path | None:
    """The file of weights in the hub's cache."""
    repository, _, revision = repository.partition("@")
    for each in [filename] if filename else _FILES:
        found = try_to_load_from_cache(repository, each, revision=revision or None)
        if isinstance(found, str):
            return Path(found)
    return None


def _downloaded(url: str) -> bool:
    """Whether torch has fetched this file before."""
    return (Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url).path).name).is_file()


def _check_answers(address: str) -> None:
    """Raise ConnectionError where no server answers in time; any answer will do."""
    problem: list[str] = [f"no answer in {ANSWER_SECONDS:g} s"]

    def ask() -> None:
        try:
            # The hub's own client: it knows proxies, mirrors and HF_HUB_OFFLINE.
            get_session().head(address, timeout=ANSWER_SECONDS)
        except Exception as error:  # noqa: BLE001 - each client has its own; all mean the same
            problem[:] = [str(error).strip() or type(error).__name__]
        else:
            problem.clear()

    # In a thread, because looking up a name has no time limit of its own.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    if problem:
        raise ConnectionError(f"{urlsplit(address).netloc}: {problem[0]}")
