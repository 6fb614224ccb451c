"""Client of wenmai, a gRPC service for Chinese news.

    from wenmai import Client

    with Client() as client:
        client.wait_until_ready()
        for hit in client.search("防汛 水位"):
            print(hit.article.record.title, hit.fused_score)

Messages and stubs, made from the contract, are in `wenmai.v1`.
"""

from .client import Client, Stored
from .error import Error, FieldViolation

__all__ = ["Client", "Error", "FieldViolation", "Stored"]
