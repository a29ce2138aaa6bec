"""What every Vault promises (`guardrail.vault.Vault`), asked of each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from guardrail.errors import StoreError
from guardrail.store._masters import KeyRing
from guardrail.store.vault import SqliteVault
from guardrail.vault import Speaker, Text, Vault
from tests.conftest import Clock

DAY = 86_400.0

Open = Callable[[], Vault]


@pytest.fixture(params=["memory", "file"])
async def open_vault(request, tmp_path: Path, clock: Clock):
    """Opens vaults; two of them share what they hold if the kind can."""
    async with AsyncExitStack() as stack:

        def opened() -> Vault:
            path = ":memory:" if request.param == "memory" else tmp_path / "a" / "v.db"
            vault = SqliteVault(path, KeyRing(tmp_path / "v.key"), clock=clock)
            stack.push_async_callback(vault.close)
            return vault

        yield opened


@pytest.fixture
def vault(open_vault: Open) -> Vault:
    """One vault."""
    return open_vault()


@pytest.fixture
def text(clock: Clock) -> Callable[..., Text]:
    """A text of now, for a day."""

    def made(id_: str = "t1", **fields) -> Text:
        plain = Text(id_, "case", "ann", Speaker.USER, "i feel low", clock.now, clock.now + DAY)
        return replace(plain, **fields)

    return made


async def ids(vault: Vault, owner: str = "ann") -> list[str]:
    """Ids of an owner's texts."""
    return [one.id for one in await vault.of(owner)]


async def test_texts_come_back_as_they_were(vault: Vault, text, clock: Clock):
    """Every field survives, in both languages, with emoji, NUL and half a surrogate pair."""
    given = (
        text("a", text="我撑不下去了 🙁", at=clock.now - 2),
        text("b", text="", speaker=Speaker.BOT, at=clock.now - 1, train=True),
        text("c", text="\x00\ud800 " + "x" * 100_000, speaker=Speaker.MODERATOR),
    )
    await vault.seal(*given)
    assert await vault.open("case") == given
    assert await vault.of("ann") == given
    assert await vault.count("ann") == 3


async def test_the_oldest_comes_first(vault: Vault, text, clock: Clock):
    """By when it was said, not by when it was sealed; what was said at once, as it was sealed."""
    times = {"late": 3.0, "early": -3.0, "x": 0.0, "a": 0.0}
    for id_, after in times.items():
        await vault.seal(text(id_, at=clock.now + after))
    assert [one.id for one in await vault.open("case")] == ["early", "x", "a", "late"]


async def test_subjects_and_owners_are_kept_apart(vault: Vault, text):
    """A case may hold texts of several owners, an owner have texts in several cases."""
    await vault.seal(
        text("1"), text("2", owner="bob"), text("3", subject="contact:ann", owner="ann")
    )
    assert [one.id for one in await vault.open("case")] == ["1", "2"]
    assert await ids(vault) == ["1", "3"]
    assert await vault.open("nothing") == await vault.of("nobody") == ()


async def test_sealing_again_adds_nothing(vault: Vault, text):
    """A retry is no mistake, and what is there is left as it is."""
    await vault.seal(text("1"))
    await vault.seal(text("1", text="other words"), text("2"))
    await vault.seal()
    assert [one.text for one in await vault.of("ann")] == ["i feel low", "i feel low"]


async def test_texts_stand_or_fall_together(vault: Vault, text):
    """One that cannot be put away takes its companions with it."""
    with pytest.raises(StoreError):
        await vault.seal(text("1"), text("2", at=float("nan")))
    with pytest.raises(StoreError):
        await vault.seal(text("3"), text("\ud800"))
    assert await vault.count("ann") == 0


async def test_what_is_over_is_gone(vault: Vault, text, clock: Clock):
    """Nobody reads it after its time, purged or not; then it is deleted and counted."""
    await vault.seal(text("short", until=clock.now + 10), text("long"))
    clock.now += 10
    assert [one.id for one in await vault.open("case")] == await ids(vault) == ["long"]
    assert await vault.count("ann") == 2
    assert await vault.purge(clock.now) == 1
    assert await vault.purge(clock.now) == 0
    assert await vault.count("ann") == 1


async def test_a_purge_is_complete(vault: Vault, text, clock: Clock):
    """More than one slice is deleted in one call, and the owner may come back."""
    await vault.seal(*(text(str(n)) for n in range(2_500)))
    assert await vault.purge(clock.now + DAY) == 2_500
    await vault.seal(text("again"))
    assert await ids(vault) == ["again"]


async def test_erasing_leaves_nothing_of_one_owner(vault: Vault, text):
    """Their texts are gone from every case; everybody else's stay. Twice is no mistake."""
    await vault.seal(text("1"), text("2", subject="other"), text("3", owner="bob"))
    assert await vault.erase("ann")
    assert await vault.erase("ann")
    assert await vault.of("ann") == await vault.open("other") == ()
    assert [one.id for one in await vault.open("case")] == ["3"]
    assert await vault.erase("a stranger")


async def test_who_was_erased_may_come_back(vault: Vault, text, clock: Clock):
    """What is said later is sealed; what was said before the erasure is not brought back."""
    await vault.seal(text("1"))
    await vault.erase("ann")
    await vault.seal(text("1"), text("0", at=clock.now - 5))  # a retry that comes too late
    assert await vault.count("ann") == 0
    clock.now += 1
    await vault.seal(text("2"))
    assert await ids(vault) == ["2"]


async def test_an_old_erasure_is_repeated_without_harm(vault: Vault, text, clock: Clock):
    """`before`: whoever came back since then keeps what is new."""
    await vault.seal(text("1"))
    erased = clock.now
    await vault.erase("ann", erased)
    clock.now += 1
    await vault.seal(text("2"))
    assert await vault.erase("ann", erased)
    assert await ids(vault) == ["2"]
    assert await vault.erase("ann")
    assert await ids(vault) == []


async def test_a_hold_forbids_to_erase_and_to_purge(vault: Vault, text, clock: Clock):
    """Until it ends nothing goes, and what is over can still be copied, but is in no case."""
    await vault.seal(text("1"))
    await vault.hold("ann", clock.now + 3 * DAY)
    assert await vault.held("ann") == clock.now + 3 * DAY
    assert not await vault.erase("ann")
    clock.now += 2 * DAY
    assert await vault.purge(clock.now) == 0
    assert await vault.open("case") == ()
    assert await ids(vault) == ["1"]
    clock.now += DAY
    assert await vault.held("ann") == 0
    assert await vault.purge(clock.now) == 1
    assert await vault.erase("ann")


async def test_the_later_of_two_holds_counts(vault: Vault, clock: Clock):
    """A shorter one shortens nothing; only 0 lifts it. It may come before any text."""
    await vault.hold("ann", clock.now + 9)
    await vault.hold("ann", clock.now + 3)
    assert await vault.held("ann") == clock.now + 9
    assert await vault.held("bob") == 0
    await vault.hold("ann", 0)
    assert await vault.held("ann") == 0
    assert await vault.erase("ann")


async def test_many_at_once_lose_nothing(vault: Vault, text):
    """200 texts of 20 new owners, sealed together: each has one key, and all are there."""
    await asyncio.gather(
        *(vault.seal(text(f"{n}", owner=f"o{n % 20}", subject=f"s{n % 20}")) for n in range(200))
    )
    assert [len(await vault.of(f"o{n}")) for n in range(20)] == [10] * 20
    assert len(await vault.open("s7")) == 10


async def test_reads_during_erasures_see_all_or_nothing(vault: Vault, text):
    """A text is never found without the key that opens it."""
    given = [text(f"{n}") for n in range(30)]
    await vault.seal(*given)
    reads = [asyncio.ensure_future(vault.of("ann")) for _ in range(20)]
    erasing = asyncio.ensure_future(vault.erase("ann"))
    reads += [asyncio.ensure_future(vault.of("ann")) for _ in range(20)]
    assert {len(found) for found in await asyncio.gather(*reads)} <= {0, 30}
    assert await erasing
    assert await vault.of("ann") == ()


async def test_close_twice(open_vault: Open, text):
    """Closing again, or closing what was never used, is no mistake; using it is one."""
    vault = open_vault()
    await vault.seal(text())
    await asyncio.gather(vault.close(), vault.close())
    await open_vault().close()
    for call in (
        vault.seal(text()),
        vault.open("case"),
        vault.of("ann"),
        vault.count("ann"),
        vault.hold("ann", 1.0),
        vault.held("ann"),
        vault.erase("ann"),
        vault.purge(1.0),
    ):
        with pytest.raises(StoreError, match="closed"):
            await call
