"""Weights from timm's hub: the cache needs no network, and a missing network is no long wait."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save_file

from whereshot.errors import RunError
from whereshot.learn import architectures
from whereshot.learn.architectures import hub

REPOSITORY = "timm/test_resnet.r160_in1k"
CLIENT_SECONDS = 20
"""Less than the hub's own client takes to give up."""


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A hub that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        yield server


def build_before_the_client_gives_up(name: str) -> None:
    started = time.monotonic()
    with pytest.raises(RunError, match=rf"No weights for '{name}' from timm's hub .*Go online"):
        architectures.build(f"timm/{name}", pretrained_weights=True)
    assert time.monotonic() - started < CLIENT_SECONDS


def test_a_hub_that_refuses_connections_fails_in_seconds(
    silent_server: socket.socket,
) -> None:
    silent_server.close()
    build_before_the_client_gives_up("test_resnet")


def test_a_hub_that_never_answers_fails_in_seconds(
    silent_server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "ANSWER_SECONDS", 0.5)
    build_before_the_client_gives_up("test_resnet")


def test_a_name_that_is_looked_up_forever_fails_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ANSWER_SECONDS", 0.3)
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(60))
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://hub.invalid")
    started = time.monotonic()
    with pytest.raises(ConnectionError, match=r"hub\.invalid: no answer in 0\.3 s"):
        hub.find_weights("test_resnet")
    assert time.monotonic() - started < CLIENT_SECONDS
    over.set()


def test_a_file_beside_the_hub_is_asked_for_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(hub, "_check_answers", asked.append)
    config = timm.models.get_pretrained_cfg("test_resnet")
    config.hf_hub_id, config.url = None, "https://files.invalid/weights.pth"
    monkeypatch.setattr(hub, "get_pretrained_cfg", lambda name: config)
    assert hub.find_weights("test_resnet") == {}
    assert asked == ["https://files.invalid/weights.pth"]


def test_weights_in_the_cache_need_no_network(
    empty_cache: Path, silent_server: socket.socket
) -> None:
    silent_server.close()
    torch.manual_seed(1)
    network = timm.create_model("test_resnet")
    folder = empty_cache / f"models--{REPOSITORY.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0123abc")
    (folder / "snapshots" / "0123abc").mkdir(parents=True)
    save_file(network.state_dict(), folder / "snapshots" / "0123abc" / "model.safetensors")

    backbone = architectures.build("timm/test_resnet", pretrained_weights=True)
    assert torch.equal(backbone.net.conv1[0].weight, network.conv1[0].weight)
