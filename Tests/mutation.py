#!/usr/bin/env python3
"""Deliberate mistakes, as the files of Tests/Mutations describe them (format: Tests/mutate.sh).

mutation.py apply FILE FOLDER   puts the mistake into the sources below FOLDER
mutation.py check FILE...       prints those whose old text is not exactly once in the sources here: nobody could put them in
"""

import pathlib
import sys


def read(path):
    """Name of the source, old text, new text."""
    head, rest = pathlib.Path(path).read_text().split("--- old\n", 1)
    old, new = (text.removesuffix("\n") for text in rest.split("--- new\n", 1))
    name = next(line[6:] for line in head.splitlines() if line.startswith("file: "))
    return name, old, new


def apply(path, folder):
    name, old, new = read(path)
    source = pathlib.Path(folder) / name
    text = source.read_text()
    if text.count(old) != 1:
        sys.exit(f"the old text is {text.count(old)} times in {name}")
    source.write_text(text.replace(old, new))


def check(paths):
    for path in paths:
        name, old, _ = read(path)
        source = pathlib.Path(name)
        found = source.read_text().count(old) if source.exists() else 0
        if found != 1:
            print(f"{path}: the old text is {found} times in {name}")


match sys.argv[1:]:
    case ["apply", path, folder]:
        apply(path, folder)
    case ["check", *paths]:
        check(paths)
    case _:
        sys.exit(__doc__)
