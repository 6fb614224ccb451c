"""A thin client: connection, keys, retries and errors; what is asked and answered is the contract's own."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import grpc

from . import channel as channels
from .error import Error
from .v1 import (
    article_pb2,
    article_service_pb2,
    article_service_pb2_grpc,
    common_pb2,
    embedding_service_pb2_grpc,
    info_service_pb2,
    info_service_pb2_grpc,
    search_service_pb2,
    search_service_pb2_grpc,
    summary_service_pb2_grpc,
    topic_service_pb2_grpc,
)

Answer = TypeVar("Answer")

#: Items of a stream on their way at a time.
AHEAD = 256


@dataclass(frozen=True)
class Stored:
    """What became of one article of a stream."""

    #: The article as it was given.
    record: article_pb2.ArticleRecord
    #: Its name and what storing it changed; None if it was refused.
    ingested: article_service_pb2.IngestedArticle | None
    #: Why it was refused; None if it is stored.
    error: common_pb2.ItemError | None


class Client:
    """Calls one service, or replicas of it behind one name. Safe from several threads.

    `target` is `host:port`, or `dns:///name:port` to share calls among all addresses of a name. `key_file` holds the
    bearer key, read again when it changes. With `tls`, or with any of the certificate files (PEM), the connection is
    encrypted; `cert` and `cert_key` are shown to a server that asks for a certificate. `timeout` is the deadline of a
    call in seconds; `attempts` is how often a call that may be repeated is made in all, 1 to 5.

    The stubs `articles`, `search_stub`, `topics`, `summaries`, `embedding` and `info_stub` are the contract's own and
    raise `grpc.RpcError`; every method here raises `wenmai.Error`.
    """

    def __init__(
        self,
        target: str = "127.0.0.1:50051",
        *,
        key_file: str | Path | None = None,
        tls: bool = False,
        ca: str | Path | None = None,
        cert: str | Path | None = None,
        cert_key: str | Path | None = None,
        timeout: float = 10.0,
        attempts: int = 4,
    ) -> None:
        if not 1 <= attempts <= 5:
            raise ValueError("attempts must be 1 to 5")
        if (cert is None) != (cert_key is None):
            raise ValueError("cert and cert_key go together")
        credentials = None
        if tls or ca is not None or cert is not None:
            credentials = grpc.ssl_channel_credentials(_bytes(ca), _bytes(cert_key), _bytes(cert))
        key = channels.Key(None if key_file is None else Path(key_file))
        self.timeout = timeout
        self.attempts = attempts
        self.channel = channels.make(target, credentials, key, attempts)
        #: The variable that names a proxy between us and the service, if one does.
        self.proxy = channels.proxy_of(target)
        self.articles = article_service_pb2_grpc.ArticleServiceStub(self.channel)
        self.search_stub = search_service_pb2_grpc.SearchServiceStub(self.channel)
        self.topics = topic_service_pb2_grpc.TopicServiceStub(self.channel)
        self.summaries = summary_service_pb2_grpc.SummaryServiceStub(self.channel)
        self.embedding = embedding_service_pb2_grpc.EmbeddingServiceStub(self.channel)
        self.info_stub = info_service_pb2_grpc.InfoServiceStub(self.channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; calls that run are cut."""
        self.channel.close()

    def call(self, method: Callable[..., Answer], request: Any) -> Answer:
        """Makes one call of a stub with the client's deadline: `client.call(client.topics.GetTopic, request)`."""
        try:
            return method(request, timeout=self.timeout)
        except grpc.RpcError as error:
            raise Error.of(error, self.proxy) from None

    def info(self) -> info_service_pb2.GetInfoResponse:
        """Facts about the service: model, index, limits."""
        return self.call(self.info_stub.GetInfo, info_service_pb2.GetInfoRequest())

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Returns when the service answers; the last error after `seconds`."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.info()
                return
            except Error as error:
                if error.code is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def get_article(self, name: str) -> article_pb2.Article:
        """The article `articles/{uuid}`, whole."""
        request = article_service_pb2.GetArticleRequest(name=name)
        return self.call(self.articles.GetArticle, request).article

    def delete_article(self, name: str) -> None:
        """Deletes an article; NOT_FOUND if it is not stored."""
        self.call(self.articles.DeleteArticle, article_service_pb2.DeleteArticleRequest(name=name))

    def list_articles(self, filter: str = "", *, page_size: int = 0) -> Iterator[article_pb2.Article]:
        """Every article that passes, in order of name; asks for the next page when it is needed."""
        request = article_service_pb2.ListArticlesRequest(filter=filter, page_size=page_size)
        while True:
            page = self.call(self.articles.ListArticles, request)
            yield from page.articles
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def search(self, query: str, *, filter: str = "", limit: int = 10) -> list[search_service_pb2.SearchHit]:
        """The best hits for a query in words."""
        request = search_service_pb2.SearchArticlesRequest(query=query, filter=filter, page_size=limit)
        return list(self.call(self.search_stub.SearchArticles, request).hits)

    def related(self, name: str, *, filter: str = "", limit: int = 10) -> list[search_service_pb2.SearchHit]:
        """The coverage most related to a stored article."""
        request = search_service_pb2.FindRelatedArticlesRequest(article=name, filter=filter, page_size=limit)
        return list(self.call(self.search_stub.FindRelatedArticles, request).hits)

    def ingest(self, records: Iterable[article_pb2.ArticleRecord]) -> Iterator[Stored]:
        """Stores articles; what became of each, in order, once it is on disk.

        A bad article is answered with its error and the others go on. If the service goes away, what it had not
        answered is sent again, `attempts` times without an answer in between; storing the same twice changes
        nothing.
        """
        feed = _Feed(iter(records))
        failures = 0
        while True:
            try:
                for stored in self._stream(feed):
                    failures = 0
                    yield stored
                return
            except grpc.RpcError as error:
                if feed.failure is not None:
                    raise feed.failure from None
                failures += 1
                if error.code() is not grpc.StatusCode.UNAVAILABLE or failures >= self.attempts:
                    raise Error.of(error, self.proxy) from None
                time.sleep(min(0.2 * 2**failures, 5.0))

    def _stream(self, feed: _Feed) -> Iterator[Stored]:
        """One stream over what has no answer yet and then the rest of the feed."""
        requests = _Requests(feed)
        answers = self.articles.IngestArticles(requests)
        try:
            for answer in answers:
                record = requests.answered()
                is_stored = answer.WhichOneof("outcome") == "ingested"
                ingested = answer.ingested if is_stored else None
                yield Stored(record, ingested, None if is_stored else answer.error)
        finally:
            requests.stop()
            answers.cancel()


class _Feed:
    """Articles from somewhere, and those among them that have no answer yet; outlives a stream."""

    def __init__(self, source: Iterator[article_pb2.ArticleRecord]) -> None:
        self.unanswered: deque[article_pb2.ArticleRecord] = deque()
        self.changed = threading.Condition()
        #: What the source raised.
        self.failure: Exception | None = None
        self._source = source
        self._turn = threading.Lock()

    def pull(self, is_needed: Callable[[], bool]) -> bool:
        """Takes one more article, unless another stream's thread just did; False at the end.

        The source may take its time: answers go on meanwhile.
        """
        with self._turn:
            with self.changed:
                if not is_needed():
                    return True
            try:
                record = next(self._source)
            except StopIteration:
                return False
            except Exception as failure:
                self.failure = failure
                raise
            with self.changed:
                self.unanswered.append(record)
                self.changed.notify_all()
            return True


class _Requests:
    """The requests of one stream; gRPC takes them on a thread of its own."""

    def __init__(self, feed: _Feed) -> None:
        self._feed = feed
        #: How many of the unanswered this stream has sent.
        self._sent = 0
        self._stopped = False

    def __iter__(self) -> _Requests:
        return self

    def __next__(self) -> article_service_pb2.IngestArticlesRequest:
        feed = self._feed
        while True:
            with feed.changed:
                feed.changed.wait_for(lambda: self._stopped or self._is_behind() or self._may_pull())
                if self._stopped:
                    raise StopIteration
                if self._is_behind():
                    record = feed.unanswered[self._sent]
                    self._sent += 1
                    return article_service_pb2.IngestArticlesRequest(article=record)
            if not feed.pull(lambda: not self._stopped and not self._is_behind()):
                raise StopIteration

    def _is_behind(self) -> bool:
        return self._sent < len(self._feed.unanswered)

    def _may_pull(self) -> bool:
        return len(self._feed.unanswered) < AHEAD

    def answered(self) -> article_pb2.ArticleRecord:
        """The oldest item that had no answer yet."""
        with self._feed.changed:
            self._sent -= 1
            self._feed.changed.notify_all()
            return self._feed.unanswered.popleft()

    def stop(self) -> None:
        """No more requests."""
        with self._feed.changed:
            self._stopped = True
            self._feed.changed.notify_all()


def _bytes(file: str | Path | None) -> bytes | None:
    return None if file is None else Path(file).read_bytes()
