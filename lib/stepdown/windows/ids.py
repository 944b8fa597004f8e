"""From ids to row numbers: the one step in which text is looked at.

Ids are turned into 64-bit words and looked up in a hash table that is filled and read many at a time.
Words are compared in full, so that two ids that fall into one slot are never taken for one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stepdown.windows.dates import Flags, Whole

Words = list[npt.NDArray[np.uint64]]
Slots = npt.NDArray[np.int32]

_FREE = np.int32(-1)
_FIRST_LETTERS = np.array([(1 << 8 * kept) - 1 for kept in range(9)], dtype=np.uint64)
"""Masks that keep the first 0 to 8 letters of a word (the lowest bytes: little-endian)."""
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio: multiplying by it spreads near-by numbers over the table (Knuth, TAOCP 6.4)."""
_FEW = 1024
_AT_ONCE = 1 << 17
_LONGEST = 64


def positions(children: Any, records: Any) -> Whole:
    """Return the row number in ``children`` of each record's child; -1 where ``children`` does not have it.

    children: the ids of the children, each once, whole numbers or text.  records: the id of each record's child.
    Raises ValueError when a child's id appears twice or is missing.
    """
    return Register(children).rows(records)


class Register:
    """The ids of the children made ready for looking up, once for several tables of records."""

    __slots__ = ("_found_by",)

    def __init__(self, children: Any) -> None:
        """Take the ids, whole numbers or text; raises ValueError when one appears twice or is missing."""
        self._found_by: _ByPlace | _ByWords | _ByArrow
        if _is_whole(children):
            numbers = np.asarray(children, dtype=np.int64)
            compact = numbers.size and int(numbers.max()) - int(numbers.min()) <= 16 * numbers.size + _FEW
            self._found_by = _ByPlace.of(numbers) if compact else _ByWords.of([numbers.view(np.uint64)], 0)
            return
        text = _text(children)
        if text.null_count:
            raise ValueError("positions: a child has no id")
        width = max(_longest(text), 1)
        plain = len(text) >= _FEW and width <= _LONGEST and not _has_nul(text)
        self._found_by = _ByWords.of(_words(text, width), width) if plain else _ByArrow.of(text)

    def rows(self, records: Any) -> Whole:
        """Return the row number of each record's child; -1 where there is no such child.

        Raises ValueError when the children's ids are numbers and the records' text, or the other way round.
        """
        by_text = isinstance(self._found_by, _ByArrow) or (
            isinstance(self._found_by, _ByWords) and self._found_by.width
        )
        if not len(records):
            return np.zeros(0, dtype=np.int64)
        if bool(by_text) == _is_whole(records):
            raise ValueError("positions: ids of one table are numbers and of the other text")
        return self._found_by.rows(np.asarray(records, dtype=np.int64) if not by_text else _text(records))


@dataclass(frozen=True, slots=True)
class _ByPlace:
    """Whole numbers that lie close together: a table from number to row."""

    low: int
    row: Slots

    @classmethod
    def of(cls, own: Whole) -> _ByPlace:
        low, high = int(own.min()), int(own.max())
        row = np.full(high - low + 2, _FREE, dtype=np.int32)
        row[own - low] = np.arange(own.size, dtype=np.int32)
        if int(np.count_nonzero(row != _FREE)) < own.size:
            raise _twice()
        return cls(low, row)

    def rows(self, theirs: Whole) -> Whole:
        outside = self.row.size - 1
        known = (theirs >= self.low) & (theirs < self.low + outside)
        return self.row[np.where(known, theirs - self.low, outside)].astype(np.int64)


@dataclass(frozen=True, slots=True)
class _ByArrow:
    """Few ids, or odd ones (very long, or with a NUL in them): Arrow's own look-up."""

    own: pa.Array

    @classmethod
    def of(cls, own: pa.Array) -> _ByArrow:
        if pc.count_distinct(own).as_py() < len(own):
            raise _twice()
        return cls(own)

    def rows(self, theirs: pa.Array) -> Whole:
        found: Whole = pc.index_in(theirs, value_set=self.own).fill_null(-1).to_numpy().astype(np.int64)
        return found


@dataclass(frozen=True, slots=True)
class _ByWords:
    """A hash table with open addressing: the next slot when one is taken. width: letters of the longest id."""

    own: npt.NDArray[np.uint64]
    width: int
    table: Slots
    bits: int

    @classmethod
    def of(cls, own: Words, width: int) -> _ByWords:
        bits = max(int(own[0].size * 4).bit_length(), 4)
        beside = np.stack(own, axis=1)  # the words of one id lie together, for one look-up a record
        return cls(beside, width, _filled(beside, own, bits), bits)

    def rows(self, theirs: Any) -> Whole:
        """Look the records up some at a time, so that what is worked out for them stays in the processor's memory."""
        parts = [self._rows(theirs[at : at + _AT_ONCE]) for at in range(0, len(theirs), _AT_ONCE)]
        return np.concatenate(parts)

    def _rows(self, theirs: Any) -> Whole:
        if not self.width:
            return self._look_up([theirs.view(np.uint64)])
        found = self._look_up(_words(theirs, self.width))
        odd = (np.diff(_offsets(theirs)) > self.width) if _longest(theirs) > self.width else None
        if odd is not None:
            found[odd] = -1
        if theirs.null_count:
            found[theirs.is_null().to_numpy(zero_copy_only=False)] = -1
        if _has_nul(theirs):
            found[pc.count_substring(theirs, "\0").to_numpy(zero_copy_only=False) > 0] = -1
        return found

    def _look_up(self, theirs: Words) -> Whole:
        slot = _first_slot(theirs, self.bits)
        candidate = self.table[slot]
        same = _same(self.own, candidate, theirs, None)
        found: Whole = np.where(same, candidate, _FREE).astype(np.int64)
        waiting = np.flatnonzero(same == (candidate == _FREE))  # taken by another: neither the same nor free
        while waiting.size:
            slot[waiting] = (slot[waiting] + 1) & ((1 << self.bits) - 1)
            candidate = self.table[slot[waiting]]
            same = _same(self.own, candidate, theirs, waiting)
            found[waiting[same]] = candidate[same]
            waiting = waiting[~same & (candidate != _FREE)]
        return found


def _is_whole(ids: Any) -> bool:
    dtype = getattr(ids, "dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind in "iu"


def _twice() -> ValueError:
    return ValueError("positions: a child's id appears twice among the children")


def _text(ids: Any) -> pa.Array:
    held = pa.array(ids, from_pandas=True)
    if isinstance(held, pa.ChunkedArray):
        held = held.combine_chunks()
    return held.cast(pa.large_string())


def _offsets(ids: pa.Array) -> Whole:
    if len(ids) == 0:
        return np.zeros(1, dtype=np.int64)
    return np.frombuffer(ids.buffers()[1], dtype=np.int64)[ids.offset : ids.offset + len(ids) + 1]


def _letters(ids: pa.Array) -> npt.NDArray[np.uint8]:
    """Return the letters (UTF-8) of all ids in a row."""
    edges, held = _offsets(ids), ids.buffers()[2]
    letters = np.frombuffer(held, dtype=np.uint8) if held is not None else np.zeros(0, dtype=np.uint8)
    return letters[edges[0] : edges[-1]]


def _longest(ids: pa.Array) -> int:
    return int(np.diff(_offsets(ids)).max(initial=0))


def _has_nul(ids: pa.Array) -> bool:
    return bool((_letters(ids) == 0).any())


def _words(ids: pa.Array, width: int) -> Words:
    """Return the first ``width`` letters of each id, filled up with nothing, as columns of 64-bit words.

    Eight letters are read at once from wherever an id begins, and those beyond its end are masked away.
    """
    edges, n_words = _offsets(ids), -(-width // 8)
    begins, lengths = edges[:-1] - edges[0], np.diff(edges)
    if lengths.size and lengths.min() == lengths.max():
        lengths = lengths[:1]  # ids of one length have one mask
    held = _letters(ids)
    letters: npt.NDArray[np.uint8] = np.zeros(held.size + 8 * n_words + 8, dtype=np.uint8)
    letters[: held.size] = held
    from_anywhere: npt.NDArray[np.uint64] = np.ndarray(
        (letters.size - 7,), dtype="<u8", buffer=letters.data, strides=(1,)
    )
    return [from_anywhere[begins + 8 * i] & _FIRST_LETTERS[np.clip(lengths - 8 * i, 0, 8)] for i in range(n_words)]


def _filled(beside: npt.NDArray[np.uint64], own: Words, bits: int) -> Slots:
    """Put each row into its slot; of several in one slot the last to be written stays, the others move on."""
    table = np.full(1 << bits, _FREE, dtype=np.int32)
    slot = _first_slot(own, bits)
    waiting = np.arange(slot.size, dtype=np.int32)
    wanted = slot
    table[wanted] = waiting
    while waiting.size:
        holder = table[wanted]
        moved = np.flatnonzero(holder != waiting)
        waiting, holder = waiting[moved], holder[moved]
        if bool(_same(beside, holder, own, waiting).any()):
            raise _twice()
        wanted = (wanted[moved] + 1) & ((1 << bits) - 1)
        free = table[wanted] == _FREE
        table[wanted[free]] = waiting[free]
    return table


def _first_slot(words: Words, bits: int) -> Whole:
    mixed = words[0] * _SPREAD
    for word in words[1:]:
        mixed = ((mixed ^ (mixed >> np.uint64(32))) + word) * _SPREAD
    mixed ^= mixed >> np.uint64(29)
    mixed *= _SPREAD
    slot: Whole = (mixed >> np.uint64(64 - bits)).astype(np.int64)
    return slot


def _same(beside: npt.NDArray[np.uint64], candidate: Slots, theirs: Words, rows: Whole | Slots | None) -> Flags:
    """Return where the candidate's words are the record's words; never where the slot is free (-1)."""
    same = candidate != _FREE
    if len(beside):
        held = beside.take(candidate, axis=0)
        for place, other in enumerate(theirs):
            same &= held[:, place] == (other if rows is None else other[rows])
    return same
