"""The gallery: pages that show a library to a browser, which ask the Python API and nothing else.

`application` answers requests, each by the function that `routes` names; `catalog serve` puts it at `/`, and the plugin
of Datasette's (`plugin`) below `/-/catalog/NAME/`. Every page works without its scripts.
"""

PAGES = ("lineage", "insight")  # whose addresses begin with these names, which no database beside them may have
