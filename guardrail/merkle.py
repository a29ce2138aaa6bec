"""The Merkle tree of RFC 6962 (section 2.1) and RFC 9162 (section 2.1), with SHA-256.

A log of n entries has one root hash; who signs it has signed every entry and their order. Two kinds
of short proof follow from it: that an entry is in the log (inclusion), and that an older log is the
beginning of a newer one (consistency). Leaves and nodes are hashed with different first bytes, so
that no node can pass for an entry.

`Edge` is all that is needed to grow a tree and to know its root: at most 64 hashes. `Tree` keeps
every node, 64 bytes for each entry, and makes proofs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256

__all__ = ["Edge", "Tree", "consistent", "included", "leaf_hash", "node_hash"]

WIDTH = 32
"""Bytes of a hash."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry (RFC 9162, 2.1.1)."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others (RFC 9162, 2.1.1)."""
    return sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tree: the roots of its full subtrees, largest first.

    There is one for each bit that is set in `size`, so `nodes` is as long as that.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def grown(self, leaves: Iterable[bytes]) -> Edge:
        """The edge after these leaf hashes were added."""
        size, nodes = self.size, list(self.nodes)
        for leaf in leaves:
            node, full = leaf, size
            while full & 1:  # two subtrees of one height become one
                node = node_hash(nodes.pop(), node)
                full >>= 1
            nodes.append(node)
            size += 1
        return Edge(size, tuple(nodes))

    @property
    def root(self) -> bytes:
        """The root hash; of an empty tree, the hash of nothing."""
        if not self.nodes:
            return sha256().digest()
        return reduce(lambda right, left: node_hash(left, right), reversed(self.nodes))


class Tree:
    """All nodes over some leaf hashes, for proofs about any size up to theirs."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._rows = [bytearray().join(leaves)]  # each row holds the full nodes of one height
        while len(self._rows[-1]) >= 2 * WIDTH:
            below = self._rows[-1]
            pairs = range(0, len(below) - 2 * WIDTH + 1, 2 * WIDTH)
            row = bytearray().join(sha256(b"\1" + below[n : n + 2 * WIDTH]).digest() for n in pairs)
            self._rows.append(row)

    def __len__(self) -> int:
        return len(self._rows[0]) // WIDTH

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves; over all, if left out."""
        size = len(self) if size is None else size
        self._has(size)
        return self._over(0, size) if size else sha256().digest()

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """The proof that leaf `index` (from 0) is in the tree of `size` (RFC 9162, 2.1.3.1).

        Raises:
            ValueError: there is no such leaf or no such tree.
        """
        self._has(size)
        if not 0 <= index < size:
            raise ValueError(f"no leaf {index} in a tree of {size}")
        proof, low, high = [], 0, size
        while high - low > 1:
            middle = low + _half(high - low)
            if index < middle:
                proof.append(self._over(middle, high))
                high = middle
            else:
                proof.append(self._over(low, middle))
                low = middle
        return tuple(reversed(proof))

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The proof that the tree of `old` is the beginning of that of `new` (RFC 9162, 2.1.4.1).

        Raises:
            ValueError: there is no such tree, or the old one is empty or larger.
        """
        self._has(new)
        if not 0 < old <= new:
            raise ValueError(f"no proof from a tree of {old} to one of {new}")
        proof, low, high, known = [], 0, new, True
        while old != high:
            middle = low + _half(high - low)
            if old <= middle:
                proof.append(self._over(middle, high))
                high = middle
            else:
                proof.append(self._over(low, middle))
                low, known = middle, False  # the old root is no longer one of the nodes
        if not known:
            proof.append(self._over(low, high))
        return tuple(reversed(proof))

    def _has(self, size: int) -> None:
        if not 0 <= size <= len(self):
            raise ValueError(f"no tree of {size}: there are {len(self)} leaves")

    def _over(self, low: int, high: int) -> bytes:
        """The hash over the leaves from `low` up to `high`."""
        count = high - low
        if count & (count - 1) == 0:  # full, and so in a row: ranges begin at multiples of `count`
            at = (low // count) * WIDTH
            return bytes(self._rows[count.bit_length() - 1][at : at + WIDTH])
        middle = low + _half(count)
        return node_hash(self._over(low, middle), self._over(middle, high))


def included(leaf: bytes, index: int, tree: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that `leaf` is number `index` of a tree (RFC 9162, 2.1.3.2).

    The tree is its size and its root.
    """
    size, root = tree
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf
    for node in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node_hash(node, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, node)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that one tree is the beginning of another (RFC 9162, 2.1.4.2).

    Each tree is its size and its root.
    """
    (old_size, old_root), (new_size, new_root) = old, new
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    was = now = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            was, now = node_hash(node, was), node_hash(node, now)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            now = node_hash(now, node)
        first, last = first >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


def _half(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
