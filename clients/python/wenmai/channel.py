"""A channel with key, certificates and retries."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import grpc

#: Bytes of the largest answer that the service gives.
ANSWER_BYTES_MAX = 16 * 1024 * 1024

#: Calls that change nothing, or nothing more when they are repeated. Edits of topics are not among them: they
#: carry an etag, and a repeated one would be told that it is stale.
REPEATABLE = {
    "wenmai.v1.ArticleService": [
        "ParsePage",
        "ParseIssue",
        "IngestPage",
        "BatchUpsertArticles",
        "GetArticle",
        "ListArticles",
    ],
    "wenmai.v1.SearchService": [],
    "wenmai.v1.SummaryService": [],
    "wenmai.v1.EmbeddingService": [],
    "wenmai.v1.InfoService": [],
    "wenmai.v1.TopicService": [
        "ListTopics",
        "GetTopic",
        "ListTopicArticles",
        "SearchTopics",
        "GetTopicTimeline",
        "GetTrending",
        "ListThemes",
        "GetTheme",
        "ClusterArticles",
    ],
}


def service_config(attempts: int) -> str:
    """gRPC's own retries: the service away, or busy; with jitter, never more than `attempts` in all (at most 5)."""
    names: list[dict[str, str]] = []
    for service, methods in REPEATABLE.items():
        # A service without methods: all of them.
        names += [{"service": service, "method": method} for method in methods] or [{"service": service}]
    policy = {
        "maxAttempts": attempts,
        "initialBackoff": "0.2s",
        "maxBackoff": "5s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
    }
    # Several replicas behind one name share the calls.
    config: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
    config["methodConfig"] = [{"name": names, "retryPolicy": policy}] if attempts > 1 else []
    return json.dumps(config)


def is_loopback(target: str) -> bool:
    """Whether a target is on this machine: `localhost`, 127.0.0.0/8, `[::1]`, or a `unix:` socket."""
    address = target.split("://", 1)[-1].lstrip("/") if "://" in target else target
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    for scheme in ("dns:", "ipv4:", "ipv6:"):
        address = address.removeprefix(scheme)
    host = address[1:].split("]", 1)[0] if address.startswith("[") else address.rsplit(":", 1)[0]
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_of(target: str) -> str | None:
    """The variable by which a proxy stands between us and `target`; None if there is no proxy.

    gRPC asks a proxy of `http_proxy` for every target, this machine included, unless `no_proxy` names it; for this
    machine we turn that off.
    """
    if is_loopback(target):
        return None
    # In the order in which gRPC looks.
    return next((name for name in ("grpc_proxy", "https_proxy", "http_proxy") if os.environ.get(name)), None)


def make(target: str, tls: grpc.ChannelCredentials | None, key: Key, attempts: int) -> grpc.Channel:
    """A channel to `target`; connects when it is first used."""
    options = [
        ("grpc.max_receive_message_length", ANSWER_BYTES_MAX),
        ("grpc.service_config", service_config(attempts)),
        ("grpc.enable_retries", 1),
        ("grpc.keepalive_time_ms", 60_000),
    ]
    if is_loopback(target):
        # A proxy of another machine cannot reach this one.
        options.append(("grpc.enable_http_proxy", 0))
    if tls is None:
        channel = grpc.insecure_channel(target, options=options)
    else:
        channel = grpc.secure_channel(target, tls, options=options)
    return grpc.intercept_channel(channel, Bearer(key)) if key.given else channel


class Key:
    """A key in a file, read again when the file changes, so that it can be replaced while we run."""

    def __init__(self, file: Path | None) -> None:
        self.given = file is not None
        self._file = file
        self._read_at: int | None = None
        self._header = ""

    def header(self) -> str:
        """The whole `authorization` header."""
        assert self._file is not None
        changed_at = self._file.stat().st_mtime_ns
        if changed_at != self._read_at:
            lines = (line.strip() for line in self._file.read_text("utf-8").splitlines())
            key = next((line for line in lines if line), None)
            if key is None:
                raise ValueError(f"{self._file} holds no key")
            self._header, self._read_at = f"Bearer {key}", changed_at
        return self._header


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class Bearer(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Adds the key to every call."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def _with_key(self, run: Callable[[Any, Any], Any], details: Any, request: Any) -> Any:
        metadata = [*(details.metadata or ()), ("authorization", self._key.header())]
        keyed = _Details(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            details.wait_for_ready,
            details.compression,
        )
        return run(keyed, request)

    intercept_unary_unary = _with_key  # type: ignore[assignment]
    intercept_unary_stream = _with_key  # type: ignore[assignment]
    intercept_stream_unary = _with_key  # type: ignore[assignment]
    intercept_stream_stream = _with_key  # type: ignore[assignment]
