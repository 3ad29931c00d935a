"""Streams' shards and subjects in a cluster, as docs/cluster.md has them: by these a producer without skipd's gateway finds the subject of its stream.

    subjects.py NAME…    prints each name's subject
"""
import sys

SHARDS = 1024
ENCODED = frozenset(b".*>%" + bytes(range(0x21)) + b"\x7f")


def shard(name: bytes) -> int:
    """FNV-1a (32 bit) of the name's bytes, modulo the number of shards."""
    hash = 0x811C9DC5
    for byte in name:
        hash = (hash ^ byte) * 0x01000193 & 0xFFFFFFFF
    return hash % SHARDS


def tokens(name: bytes) -> str:
    """The name with its / as NATS' dots, and percent-encoded what a token can't hold; an empty segment is a lone %."""
    return ".".join(
        bytes(b"".join(b"%%%02X" % byte if byte in ENCODED else bytes([byte]) for byte in segment)).decode() or "%" for segment in name.split(b"/"))


def name(tokens: str) -> bytes:
    """The stream that tokens stand for."""
    segments = []
    for token in tokens.split("."):
        first, *rest = token.encode().split(b"%")
        segments.append(b"" if token == "%" else first + b"".join(bytes([int(each[:2], 16)]) + each[2:] for each in rest))
    return b"/".join(segments)


def subject(name: bytes) -> str:
    return f"samples.{shard(name)}.{tokens(name)}"


if __name__ == "__main__":
    for each in sys.argv[1:]:
        print(subject(each.encode()))
