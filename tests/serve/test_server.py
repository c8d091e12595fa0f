"""The socket under the server: what can go wrong with it is said in one line."""

from __future__ import annotations

import os
import socket

import pytest

from whereshot.serve.server import bind, url_of


def test_a_port_in_use_is_named_with_the_way_out():
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(OSError, match=rf"^Port {port} on 127.0.0.1 is in use .* --port \d+$"):
            bind("127.0.0.1", port)


def test_a_port_is_free_again_right_after_a_connection_was_closed():
    """What a restarted server meets: its old connections wait in TIME_WAIT."""
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()  # the server's side closes first
    bind("127.0.0.1", port).close()


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("no-such-host.invalid", "The host 'no-such-host.invalid' is not known"),
        ("192.0.2.1", "192.0.2.1 is not an address of this machine"),  # TEST-NET, RFC 5737
    ],
)
def test_a_host_that_is_not_ours_is_named(host, says):
    with pytest.raises(OSError, match=says):
        bind(host, 0)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may bind any port"
)
def test_a_port_that_needs_more_rights_is_named():
    with pytest.raises(OSError, match="Port 1 needs more rights"):
        bind("127.0.0.1", 1)


@pytest.mark.parametrize(
    ("host", "prefix"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("localhost", "http://localhost:"),
        ("0.0.0.0", "http://127.0.0.1:"),
    ],
)
def test_the_address_to_open_has_the_real_port(host, prefix):
    with bind(host, 0) as listener:
        assert url_of(listener, host) == f"{prefix}{listener.getsockname()[1]}"


def test_an_ipv6_address_is_in_brackets():
    if not socket.has_ipv6:
        pytest.skip("this Python has no IPv6")
    try:
        listener = bind("::1", 0)
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    with listener:
        assert url_of(listener, "::1") == f"http://[::1]:{listener.getsockname()[1]}"
