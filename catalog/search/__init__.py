"""Search: `grammar` reads a query into a tree, `steps` turns that into what the indexes can answer, `evaluator` finds
the set of all matches, and `page` counts, orders and shows them.

Each part knows only the one before it, and `fields` is the one table of what can be asked for. Nothing here writes, and
nothing heavy is imported: a search from the shell is a fresh process.
"""
