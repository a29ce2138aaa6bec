"""The Merkle tree: known answers, every proof of small trees, and nothing false is believed."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.merkle import Edge, Tree, consistent, included, leaf_hash, node_hash

ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The entries on which implementations of Certificate Transparency test themselves."""

ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Their roots, from none to eight entries."""

HASHES = [leaf_hash(entry) for entry in ENTRIES]


def some(count: int) -> list[bytes]:
    """As many leaf hashes, all different."""
    return [leaf_hash(n.to_bytes(4, "big")) for n in range(count)]


def by_the_book(entries: list[bytes]) -> bytes:
    """The root as RFC 6962, 2.1 defines it."""
    if len(entries) < 2:
        return leaf_hash(entries[0]) if entries else sha256().digest()
    half = 1
    while half * 2 < len(entries):
        half *= 2
    return node_hash(by_the_book(entries[:half]), by_the_book(entries[half:]))


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int):
    """Both ways to a root give what other implementations give."""
    assert Edge().grown(HASHES[:size]).root.hex() == ROOTS[size]
    assert Tree(HASHES).root(size).hex() == ROOTS[size]
    assert by_the_book(ENTRIES[:size]).hex() == ROOTS[size]


def test_the_proofs_of_the_rfc():
    """The examples of RFC 6962, 2.1.3, a tree of seven: d0's path is [b, h, l], d3's [c, g, l]."""
    hashes = HASHES[:7]
    a, b, c, d, e, f, j = hashes
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, later = node_hash(g, h), node_hash(i, j)
    tree = Tree(hashes)
    assert tree.inclusion(0, 7) == (b, h, later)
    assert tree.inclusion(3, 7) == (c, g, later)
    assert tree.inclusion(4, 7) == (f, j, k)
    assert tree.inclusion(6, 7) == (i, k)
    assert tree.consistency(3, 7) == (c, d, g, later)
    assert tree.consistency(4, 7) == (later,)
    assert tree.consistency(6, 7) == (i, j, k)


def test_every_proof_of_small_trees():
    """Each leaf is in each tree that has it, and each tree is the beginning of each larger one."""
    hashes = some(33)
    tree = Tree(hashes)
    for size in range(1, 34):
        root = tree.root(size)
        assert root == Edge().grown(hashes[:size]).root
        for index in range(size):
            assert included(hashes[index], index, (size, root), tree.inclusion(index, size))
        for old in range(1, size + 1):
            proof = tree.consistency(old, size)
            assert consistent((old, tree.root(old)), (size, root), proof)


@given(st.integers(1, 70), st.data())
def test_no_other_leaf_place_size_or_proof_will_do(size: int, data: st.DataObject):
    """An inclusion proof holds for its own leaf, index and tree alone."""
    hashes = some(size)
    tree = Tree(hashes)
    index = data.draw(st.integers(0, size - 1))
    proof, root = tree.inclusion(index, size), tree.root()
    other = data.draw(st.integers(-1, size).filter(lambda n: n != index))
    assert not included(leaf_hash(b"another"), index, (size, root), proof)
    assert not included(hashes[index], other, (size, root), proof)
    assert not included(hashes[index], index, (size, leaf_hash(b"root")), proof)
    assert not included(hashes[index], index, (size, root), (*proof, root))
    if proof:
        assert not included(hashes[index], index, (size, root), proof[1:])
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = (*proof[:at], leaf_hash(b"node"), *proof[at + 1 :])
        assert not included(hashes[index], index, (size, root), changed)


@given(st.integers(2, 70), st.data())
def test_no_other_beginning_will_do(size: int, data: st.DataObject):
    """A consistency proof holds for its own two trees alone."""
    tree = Tree(some(size))
    old = data.draw(st.integers(1, size - 1))
    proof = tree.consistency(old, size)
    before, after = (old, tree.root(old)), (size, tree.root())
    assert consistent(before, after, proof)
    assert not consistent((old, leaf_hash(b"root")), after, proof)
    assert not consistent(before, (size, leaf_hash(b"root")), proof)
    assert not consistent(before, after, (*proof, after[1]))
    assert not consistent(before, after, proof[:-1])
    assert not consistent(after, before, proof)
    at = data.draw(st.integers(0, len(proof) - 1))
    assert not consistent(before, after, (*proof[:at], leaf_hash(b"node"), *proof[at + 1 :]))


def test_a_tree_is_consistent_with_itself():
    """That needs no proof, and takes none."""
    tree = Tree(some(5))
    same = (5, tree.root())
    assert consistent(same, same, ())
    assert not consistent(same, same, (same[1],))
    assert not consistent(same, (5, leaf_hash(b"")), ())
    assert not consistent((0, tree.root(0)), same, ())
    assert not consistent((3, tree.root(3)), same, ())


@given(st.lists(st.integers(0, 20), max_size=6))
def test_an_edge_grows_in_any_steps(steps: list[int]):
    """One leaf at a time or many: the root is the same, and the edge stays short."""
    hashes = some(sum(steps))
    edge = Edge()
    for step in steps:
        edge = edge.grown(hashes[edge.size : edge.size + step])
    assert edge == Edge().grown(hashes)
    assert edge.root == Tree(hashes).root()
    assert len(edge.nodes) == edge.size.bit_count()


def test_a_node_cannot_pass_for_an_entry():
    """Leaves and nodes are hashed apart, else a tree could be read in two ways."""
    left, right = some(2)
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize(
    "ask",
    [
        lambda tree: tree.root(6),
        lambda tree: tree.root(-1),
        lambda tree: tree.inclusion(5, 5),
        lambda tree: tree.inclusion(-1, 5),
        lambda tree: tree.inclusion(0, 6),
        lambda tree: tree.consistency(0, 5),
        lambda tree: tree.consistency(4, 3),
        lambda tree: tree.consistency(1, 6),
    ],
)
def test_what_is_not_there_has_no_proof(ask):
    """A proof about leaves or sizes that there are not is a mistake of the caller."""
    with pytest.raises(ValueError, match="no "):
        ask(Tree(some(5)))
