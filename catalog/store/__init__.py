"""Every write to the library, inside a transaction that the caller opened with `Database.write`.

What arrives is kept as an observation; the observations of a video fold into its row; what changed goes to the flight
recorder; tags, links and the two indexes follow in the same transaction. The store knows no network, no terminal.
"""

from catalog.store.adoption import adopt_files, join_described
from catalog.store.arrivals import save_absences, save_enclosed, save_said, save_videos
from catalog.store.attached import save_links
from catalog.store.characters import save_character
from catalog.store.cleaning import HEARD, clean_rows
from catalog.store.collections import (
    add_to_collection,
    move_collection,
    move_in_collection,
    note_collection,
    remove_collection,
    remove_from_collection,
)
from catalog.store.costs import Estimator, estimate_costs, has_prices, save_prices
from catalog.store.credentials import SavedChecks, remove_trust_list, save_checks, save_trust_list
from catalog.store.deliveries import save_attempt, save_delivery, see_alarms
from catalog.store.descent import rebuild_descent
from catalog.store.edits import (
    Changed,
    ParentName,
    delete_videos,
    give_facets,
    link_videos,
    save_tags,
    tag_videos,
    undelete_videos,
    unlink_videos,
)
from catalog.store.enclosed import Enclosed
from catalog.store.facets import Extracted, forget_extracted, save_extracted, save_given
from catalog.store.files import (
    Bytes,
    Spot,
    forget_places,
    save_archived,
    save_checked,
    save_damage,
    save_failure,
    save_file,
    save_input,
    save_kept,
    save_place,
    save_places,
    save_reference,
)
from catalog.store.folding import Backlog, fold_again, fold_backlog, list_unfolded, refold_all
from catalog.store.indexes import look_up_words, rebuild_bitmaps, rebuild_texts, rebuild_words
from catalog.store.ingredients import rebuild_ingredients
from catalog.store.inheritance import START, Reckoned, forget_inherited, inherit_next
from catalog.store.journal import Step, redo, undo
from catalog.store.judgements import judge_videos, note_videos, rate_videos
from catalog.store.likenesses import save_likenesses
from catalog.store.losses import bring_back, save_losses
from catalog.store.marked import save_read_marks
from catalog.store.marks import complete_marks
from catalog.store.names import find_ids, find_video
from catalog.store.requests import KeptRequest, find_batch_videos, find_unheard, save_requests
from catalog.store.retries import Failure, forget_failures, save_failures
from catalog.store.saved import Saved
from catalog.store.scans import (
    forget_root,
    forget_scanned,
    forget_scanned_rows,
    save_absences_of_places,
    save_root,
    save_scanned,
)
from catalog.store.searches import remove_search, save_search
from catalog.store.sources import lock_source, renew_lock, save_run, save_source, unlock_source
from catalog.store.stacks import Sketched, digest_prompt, forget_stacks, list_misplaced, rebuild_stacks, save_stacks
from catalog.store.texts import refresh_next
from catalog.store.watching import FILES, Found, Kept, save_found

__all__ = [
    "FILES",
    "HEARD",
    "START",
    "Backlog",
    "Bytes",
    "Changed",
    "Enclosed",
    "Estimator",
    "Extracted",
    "Failure",
    "Found",
    "Kept",
    "KeptRequest",
    "ParentName",
    "Reckoned",
    "Saved",
    "SavedChecks",
    "Sketched",
    "Spot",
    "Step",
    "add_to_collection",
    "adopt_files",
    "bring_back",
    "clean_rows",
    "complete_marks",
    "delete_videos",
    "digest_prompt",
    "estimate_costs",
    "find_batch_videos",
    "find_ids",
    "find_unheard",
    "find_video",
    "fold_again",
    "fold_backlog",
    "forget_extracted",
    "forget_failures",
    "forget_inherited",
    "forget_places",
    "forget_root",
    "forget_scanned",
    "forget_scanned_rows",
    "forget_stacks",
    "give_facets",
    "has_prices",
    "inherit_next",
    "join_described",
    "judge_videos",
    "link_videos",
    "list_misplaced",
    "list_unfolded",
    "lock_source",
    "look_up_words",
    "move_collection",
    "move_in_collection",
    "note_collection",
    "note_videos",
    "rate_videos",
    "rebuild_bitmaps",
    "rebuild_descent",
    "rebuild_ingredients",
    "rebuild_stacks",
    "rebuild_texts",
    "rebuild_words",
    "redo",
    "refold_all",
    "refresh_next",
    "remove_collection",
    "remove_from_collection",
    "remove_search",
    "remove_trust_list",
    "renew_lock",
    "save_absences",
    "save_absences_of_places",
    "save_archived",
    "save_attempt",
    "save_character",
    "save_checked",
    "save_checks",
    "save_damage",
    "save_delivery",
    "save_enclosed",
    "save_extracted",
    "save_failure",
    "save_failures",
    "save_file",
    "save_found",
    "save_given",
    "save_input",
    "save_kept",
    "save_likenesses",
    "save_links",
    "save_losses",
    "save_place",
    "save_places",
    "save_prices",
    "save_read_marks",
    "save_reference",
    "save_requests",
    "save_root",
    "save_run",
    "save_said",
    "save_scanned",
    "save_search",
    "save_source",
    "save_stacks",
    "save_tags",
    "save_trust_list",
    "save_videos",
    "see_alarms",
    "tag_videos",
    "undelete_videos",
    "undo",
    "unlink_videos",
    "unlock_source",
]
