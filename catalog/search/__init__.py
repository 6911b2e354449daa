"""Search: `grammar` reads a query into a tree, `plan` turns that into SQL, `page` runs it and builds the answer.

Each part knows only the one before it, and `fields` is the one table of what can be asked for, so that a faster engine
replaces a part and not the whole. Nothing here writes, and nothing heavy is imported: a search from the shell is a
fresh process.
"""
