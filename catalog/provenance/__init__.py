"""Content Credentials (C2PA): what a file says of who made it and out of what, and whether its bytes still agree.

This room reads files and trust lists and names a status. It knows no library and opens no connection; its reader,
c2pa-python, is loaded with the first check.
"""

from .checking import check_file, check_store
from .checks import (
    INTACT,
    Action,
    Check,
    Codes,
    Disclosure,
    Ingredient,
    ListUse,
    Manifest,
    Signature,
    Status,
)
from .trust import Profile, TrustList, load_list, parse_list
from .workers import Checked, Target, check_files

__all__ = [
    "INTACT",
    "Action",
    "Check",
    "Checked",
    "Codes",
    "Disclosure",
    "Ingredient",
    "ListUse",
    "Manifest",
    "Profile",
    "Signature",
    "Status",
    "Target",
    "TrustList",
    "check_file",
    "check_files",
    "check_store",
    "load_list",
    "parse_list",
]
