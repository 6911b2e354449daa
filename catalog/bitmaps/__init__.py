"""The bitmaps: for every value of every countable field, the set of the videos that have it.

A set is a roaring bitmap of row ids, in rows of `bitmaps` for 65,536 ids each, so that a change of one video writes a
few kilobytes. Counts are sizes of intersections. The values of a video are defined once, in `values`: a rebuild reads
them chunk by chunk, and the store before and after every change.

Two kinds of fields are whole only in part: of the values of tags and of open facets, which are unbounded, those on less
than COMMON videos may have no bitmap; `read_values` reads the rows of such values, by their index.

Of words that are common in prompts, what the full-text index finds is kept too: `words` says how that stays true.

The revision is a number that grows with every change of an index, the full-text index included, so that what is kept in
memory can follow. It is made of the time: a library restored from a backup goes on with other numbers than before.
"""

from catalog.bitmaps.keeping import check, keep, rebuild, tell_of, tell_of_replacement
from catalog.bitmaps.reading import (
    Changes,
    read_all,
    read_changes,
    read_deleted,
    read_field,
    read_missing,
    read_present,
    read_texts,
    read_values,
    replace_chunk,
    revision,
)
from catalog.bitmaps.sets import CHUNK_BITS
from catalog.bitmaps.values import (
    COLLECTION,
    COLUMNS,
    COMMON,
    CREDENTIALS,
    DEFAULTED,
    FILE,
    FILE_TESTS,
    FILES,
    HAS,
    INHERITED,
    JUDGEMENTS,
    LINKS,
    MARKS,
    NO_CREDENTIALS,
    PARTIAL,
    PRESENT,
    SAID,
    SAYING,
    STACKS,
    TEXTS,
    read_collections,
    read_descent,
    read_judgements,
    read_state,
    select_credentials,
)
from catalog.bitmaps.words import are_words_due, look_up_words, match_chunk, read_word, save_words

__all__ = [
    "CHUNK_BITS",
    "COLLECTION",
    "COLUMNS",
    "COMMON",
    "CREDENTIALS",
    "DEFAULTED",
    "FILE",
    "FILES",
    "FILE_TESTS",
    "HAS",
    "INHERITED",
    "JUDGEMENTS",
    "LINKS",
    "MARKS",
    "NO_CREDENTIALS",
    "PARTIAL",
    "PRESENT",
    "SAID",
    "SAYING",
    "STACKS",
    "TEXTS",
    "Changes",
    "are_words_due",
    "check",
    "keep",
    "look_up_words",
    "match_chunk",
    "read_all",
    "read_changes",
    "read_collections",
    "read_deleted",
    "read_descent",
    "read_field",
    "read_judgements",
    "read_missing",
    "read_present",
    "read_state",
    "read_texts",
    "read_values",
    "read_word",
    "rebuild",
    "replace_chunk",
    "revision",
    "save_words",
    "select_credentials",
    "tell_of",
    "tell_of_replacement",
]
