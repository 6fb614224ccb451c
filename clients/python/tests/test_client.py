"""The client against the real server: `WENMAI_BIN=target/debug/wenmai python -m unittest discover clients/python/tests`."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import grpc
from wenmai import Client, Error, channel
from wenmai.v1 import article_pb2, embedding_service_pb2, topic_service_pb2

BIN = os.environ.get("WENMAI_BIN")


class Server:
    """`wenmai serve` over a folder of its own, on a free port or a given one."""

    def __init__(self, data: Path, *arguments: str, listen: str = "127.0.0.1:0") -> None:
        assert BIN is not None
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WENMAI_")}
        self.process = subprocess.Popen(
            [BIN, "serve", "--listen", listen, "--data", str(data), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        self.target = line.removeprefix("listening on ")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def record(number: int) -> article_pb2.ArticleRecord:
    """A report of a paper that does not exist."""
    return article_pb2.ArticleRecord(
        paper="清河日报",
        source="清河网",
        source_id=str(number),
        title=f"清河第{number}号防汛通报",
        paragraphs=[f"清河水位继续上涨，第{number}号通报提醒沿岸居民注意防汛。"],
    )


class ProxyTest(unittest.TestCase):
    def test_this_machine_is_known_in_every_form(self) -> None:
        for target in ("127.0.0.1:1", "localhost:1", "[::1]:1", "dns:///localhost:1", "ipv4:127.0.0.5:1", "unix:/a/b"):
            self.assertTrue(channel.is_loopback(target), target)
        for target in ("192.0.2.7:1", "wenmai.example:1", "dns:///wenmai.example:1", "[2001:db8::1]:1"):
            self.assertFalse(channel.is_loopback(target), target)

    def test_an_error_behind_a_proxy_names_no_proxy(self) -> None:
        with mock.patch.dict(os.environ, {"http_proxy": "http://127.0.0.1:9"}):
            with Client("wenmai.example:50051", timeout=5.0, attempts=1) as client:
                with self.assertRaises(Error) as caught:
                    client.info()
        self.assertIn("no_proxy", caught.exception.message)


@unittest.skipIf(BIN is None, "WENMAI_BIN names no program")
class ClientTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def serve(self, *arguments: str, **options: str) -> Server:
        return Server(self.folder / "data", *arguments, **options)

    def test_articles_are_stored_found_listed_and_deleted(self) -> None:
        server = self.serve()
        self.addCleanup(server.stop)
        with Client(server.target) as client:
            client.wait_until_ready()
            stored = list(client.ingest(record(number) for number in range(30)))
            self.assertEqual([one.record.source_id for one in stored], [str(n) for n in range(30)])
            names = {one.ingested.name for one in stored if one.ingested is not None}
            self.assertEqual(len(names), 30)
            listed = [article.name for article in client.list_articles('paper = "清河日报"', page_size=7)]
            self.assertEqual(listed, sorted(names))
            hits = client.search("防汛 水位", limit=5)
            self.assertTrue(hits and hits[0].article.name in names)
            self.assertEqual(client.get_article(listed[0]).record.paper, "清河日报")
            self.assertNotIn(listed[0], [hit.article.name for hit in client.related(listed[0])])
            client.delete_article(listed[0])
            with self.assertRaises(Error) as raised:
                client.get_article(listed[0])
            self.assertIs(raised.exception.code, grpc.StatusCode.NOT_FOUND)
            self.assertEqual(raised.exception.reason, "ARTICLE_NOT_FOUND")
            self.assertTrue(client.info().index_version)

    def test_a_proxy_does_not_stand_before_this_machine(self) -> None:
        server = self.serve()
        self.addCleanup(server.stop)
        nobody = "http://127.0.0.1:9"
        with mock.patch.dict(os.environ, {"http_proxy": nobody, "https_proxy": nobody, "grpc_proxy": nobody}):
            with Client(server.target) as client:
                client.wait_until_ready()
                self.assertTrue(client.info().index_version)

    def test_a_bad_item_is_answered_and_the_others_are_stored(self) -> None:
        server = self.serve()
        self.addCleanup(server.stop)
        with Client(server.target) as client:
            client.wait_until_ready()
            first, bad, last = client.ingest([record(1), article_pb2.ArticleRecord(), record(2)])
            self.assertIsNotNone(first.ingested)
            self.assertIsNotNone(last.ingested)
            self.assertIsNone(bad.ingested)
            assert bad.error is not None
            self.assertEqual(bad.error.reason, "INVALID_FIELD")

    def test_an_error_names_reason_and_fields(self) -> None:
        server = self.serve()
        self.addCleanup(server.stop)
        with Client(server.target) as client:
            client.wait_until_ready()
            with self.assertRaises(Error) as raised:
                list(client.list_articles("colour = red"))
            error = raised.exception
            self.assertIs(error.code, grpc.StatusCode.INVALID_ARGUMENT)
            self.assertEqual([one.field for one in error.violations], ["filter"])
            request = embedding_service_pb2.EmbedTextsRequest(texts=["好"] * 1001)
            with self.assertRaises(Error) as raised:
                client.call(client.embedding.EmbedTexts, request)
            self.assertEqual(raised.exception.reason, "BATCH_TOO_LARGE")
            self.assertEqual(raised.exception.metadata["limit"], "1000")

    def test_the_services_own_stubs_are_at_hand(self) -> None:
        server = self.serve()
        self.addCleanup(server.stop)
        with Client(server.target) as client:
            client.wait_until_ready()
            topics = client.call(client.topics.ListTopics, topic_service_pb2.ListTopicsRequest())
            self.assertEqual(len(topics.topics), 0)

    def test_a_key_is_shown_and_a_replaced_one_is_read_again(self) -> None:
        keys, key = self.folder / "keys", self.folder / "key"
        keys.write_text("first-key-of-this-test\nsecond-key-of-this-test\n")
        key.write_text("first-key-of-this-test\n")
        server = self.serve("--write-keys", str(keys))
        self.addCleanup(server.stop)
        with Client(server.target, key_file=key) as client:
            client.wait_until_ready()
            self.assertEqual(list(client.list_articles()), [])
            key.write_text("second-key-of-this-test\n")
            self.assertEqual(list(client.list_articles()), [])
            key.write_text("a-key-that-nobody-gave\n")
            with self.assertRaises(Error) as raised:
                list(client.list_articles())
            self.assertEqual(raised.exception.reason, "KEY_WRONG")
        with Client(server.target) as client, self.assertRaises(Error) as raised:
            client.info()
        self.assertEqual(raised.exception.reason, "KEY_MISSING")

    def test_what_a_killed_server_had_not_answered_is_sent_again(self) -> None:
        server = self.serve()
        with Client(server.target, attempts=5) as client:
            client.wait_until_ready()
            answered = []
            for stored in client.ingest(record(number) for number in range(600)):
                answered.append(stored.record.source_id)
                self.assertIsNotNone(stored.ingested)
                if len(answered) == 100:
                    # A new one on the same port; the old one's promises hold.
                    server.stop(signal.SIGKILL)
                    server = self.serve(listen=server.target)
            self.addCleanup(server.stop)
            self.assertEqual(answered, [str(number) for number in range(600)])
            self.assertEqual(sum(1 for _ in client.list_articles(page_size=1000)), 600)


if __name__ == "__main__":
    unittest.main()
