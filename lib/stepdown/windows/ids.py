"""From ids to row numbers: the one step in which text is looked at.

Ids are turned into 64-bit words and looked up in a hash table that is filled and read a whole column at a time.
Words are compared in full, so that two ids that fall into one slot are never taken for one another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from stepdown.windows.dates import Flags, Whole

Words = list[npt.NDArray[np.uint64]]

_FREE = np.int32(-1)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio: multiplying by it spreads near-by numbers over the table (Knuth, TAOCP 6.4)."""


def positions(children: Any, records: Any) -> Whole:
    """Return the row number in ``children`` of each record's child; -1 where ``children`` does not have it.

    children: the ids of the children, each once, whole numbers or text.  records: the id of each record's child.
    Raises ValueError when a child's id stands twice or is missing.
    """
    if _is_whole(children) and _is_whole(records):
        return _positions_of_numbers(np.asarray(children, dtype=np.int64), np.asarray(records, dtype=np.int64))
    return _positions_of_text(_text(children), _text(records))


def _is_whole(ids: Any) -> bool:
    dtype = getattr(ids, "dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind in "iu"


def _positions_of_numbers(own: Whole, theirs: Whole) -> Whole:
    if own.size == 0:
        return np.full(theirs.size, -1, dtype=np.int64)
    low, high = int(own.min()), int(own.max())
    if high - low > 16 * own.size + 1024:
        return _look_up([own.view(np.uint64)], [theirs.view(np.uint64)])
    row = np.full(high - low + 2, _FREE, dtype=np.int32)
    row[own - low] = np.arange(own.size, dtype=np.int32)
    if int(np.count_nonzero(row != _FREE)) < own.size:
        raise _twice()
    slot = np.where((theirs < low) | (theirs > high), high - low + 1, theirs - low)
    return row[slot].astype(np.int64)


def _positions_of_text(own: pa.Array, theirs: pa.Array) -> Whole:
    if own.null_count:
        raise ValueError("positions: a child has no id")
    width = max(_longest(own), _longest(theirs), 1)
    if width > 64 or _has_nul(own) or _has_nul(theirs):
        index = pd.Index(own.to_pandas())
        if not index.is_unique:
            raise _twice()
        return index.get_indexer(pd.Index(theirs.to_pandas())).astype(np.int64, copy=False)
    found = _look_up(_words(own, width), _words(theirs, width))
    if theirs.null_count:
        found[theirs.is_null().to_numpy(zero_copy_only=False)] = -1
    return found


def _twice() -> ValueError:
    return ValueError("positions: a child's id stands twice among the children")


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
    held = ids.buffers()[2]
    return np.frombuffer(held, dtype=np.uint8) if held is not None else np.zeros(0, dtype=np.uint8)


def _longest(ids: pa.Array) -> int:
    return int(np.diff(_offsets(ids)).max(initial=0))


def _has_nul(ids: pa.Array) -> bool:
    edges = _offsets(ids)
    return bool((_letters(ids)[edges[0] : edges[-1]] == 0).any())


def _words(ids: pa.Array, width: int) -> Words:
    """Return the letters (UTF-8) of each id, filled up with nothing to ``width``, as columns of 64-bit words."""
    edges, letters = _offsets(ids), _letters(ids)
    lengths = np.diff(edges)
    n_words = -(-width // 8)
    padded: npt.NDArray[np.uint8] = np.zeros((lengths.size, 8 * n_words), dtype=np.uint8)
    for length in np.flatnonzero(np.bincount(lengths, minlength=1)).tolist():
        if length == 0:
            continue
        alike = lengths == length
        if alike.all():
            padded[:, :length] = letters[edges[0] : edges[-1]].reshape(-1, length)
        else:
            padded[alike, :length] = np.lib.stride_tricks.sliding_window_view(letters, length)[edges[:-1][alike]]
    words = padded.view(np.uint64)
    return [np.ascontiguousarray(words[:, i]) for i in range(n_words)]


def _look_up(own: Words, theirs: Words) -> Whole:
    """Look ``theirs`` up among ``own`` (open addressing, the next slot when one is taken)."""
    bits = max(int(own[0].size * 2).bit_length(), 4)
    table = _filled(own, bits)
    slot = _first_slot(theirs, bits)
    found = np.full(slot.size, -1, dtype=np.int64)
    candidate = table[slot]
    same = _same(own, candidate, theirs, None)
    found[same] = candidate[same]
    waiting = np.flatnonzero(~same & (candidate != _FREE))
    while waiting.size:
        slot[waiting] = (slot[waiting] + 1) & ((1 << bits) - 1)
        candidate = table[slot[waiting]]
        same = _same(own, candidate, theirs, waiting)
        found[waiting[same]] = candidate[same]
        waiting = waiting[~same & (candidate != _FREE)]
    return found


def _filled(own: Words, bits: int) -> npt.NDArray[np.int32]:
    table = np.full(1 << bits, _FREE, dtype=np.int32)
    slot = _first_slot(own, bits)
    waiting = np.arange(slot.size)
    while waiting.size:
        free = table[slot[waiting]] == _FREE
        table[slot[waiting[free]]] = waiting[free]
        holder = table[slot[waiting]]
        placed = holder == waiting
        if bool((_same(own, holder, own, waiting) & ~placed).any()):
            raise _twice()
        waiting = waiting[~placed]
        slot[waiting] = (slot[waiting] + 1) & ((1 << bits) - 1)
    return table


def _first_slot(words: Words, bits: int) -> Whole:
    mixed = words[0] * _SPREAD
    for word in words[1:]:
        mixed = ((mixed ^ (mixed >> np.uint64(32))) + word) * _SPREAD
    mixed ^= mixed >> np.uint64(29)
    mixed *= _SPREAD
    slot: Whole = (mixed >> np.uint64(64 - bits)).astype(np.int64)
    return slot


def _same(own: Words, candidate: npt.NDArray[np.int32], theirs: Words, rows: Whole | None) -> Flags:
    """Return where the candidate's words are the record's words; never where the slot is free (-1)."""
    same = candidate != _FREE
    for mine, other in zip(own, theirs, strict=True):
        if mine.size:
            same &= mine[candidate] == (other if rows is None else other[rows])
    return same
