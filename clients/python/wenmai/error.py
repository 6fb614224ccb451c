"""What the service says when it refuses: a code, a stable reason, and the fields that are wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status


@dataclass(frozen=True)
class FieldViolation:
    """A field of the request, and what is wrong with it."""

    field: str
    description: str


@dataclass
class Error(Exception):
    """A call that failed."""

    #: gRPC's code, such as `grpc.StatusCode.NOT_FOUND`.
    code: grpc.StatusCode
    #: For a person.
    message: str
    #: For a program: `ARTICLE_NOT_FOUND`, `OVERLOADED`, …; empty where nobody at the other end said one.
    reason: str = ""
    #: What goes with the reason, such as `{"limit": "1000", "given": "1200"}`.
    metadata: dict[str, str] = field(default_factory=dict)
    #: The fields that are wrong.
    violations: list[FieldViolation] = field(default_factory=list)
    #: Seconds after which it is worth trying again; None where the service did not say.
    retry_after: float | None = None

    def __str__(self) -> str:
        reason = f" [{self.reason}]" if self.reason else ""
        fields = "".join(f"; {one.field}: {one.description}" for one in self.violations)
        return f"{self.code.name}: {self.message}{reason}{fields}"

    @classmethod
    def of(cls, call: Any, proxy: str | None = None) -> Error:
        """The same failure, an `RpcError` of gRPC, with its details read.

        `proxy` is the variable that names a proxy on the way, if one does: nobody answered may be the proxy's doing.
        """
        error = cls(call.code(), call.details() or "")
        try:
            status = rpc_status.from_call(call)
        except (ValueError, AttributeError):
            # Details that are none, or a failure that never reached a server.
            status = None
        for detail in status.details if status is not None else ():
            error._read(detail)
        if proxy is not None and not error.reason and error.code is grpc.StatusCode.UNAVAILABLE:
            error.message += f" ({proxy} is set, so a proxy was asked: name the service's host in no_proxy to go past it)"
        return error

    def _read(self, detail: Any) -> None:
        info = error_details_pb2.ErrorInfo()
        request = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        for message in (info, request, retry):
            if detail.Is(message.DESCRIPTOR):
                detail.Unpack(message)
        if info.reason:
            self.reason, self.metadata = info.reason, dict(info.metadata)
        for one in request.field_violations:
            self.violations.append(FieldViolation(one.field, one.description))
        if retry.HasField("retry_delay"):
            self.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
