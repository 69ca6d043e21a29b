#!/usr/bin/env python3
"""Types of the product that are spread over more than three files, or have more than twelve stored properties.

Prints each breach. What is the vocabulary of a standard has the size that the standard gave it, and is listed in FREE with the reason.
Reads declarations by their text, as `swift format` leaves them: good enough for code that the formatter keeps.
"""

import collections
import pathlib
import re
import sys

MOST_FILES = 3
MOST_PROPERTIES = 12

# Paths whose types are records: fields of a message, a section of a file, one key each.
FREE = {
    "Shared/BusSchema/": "a message has the fields that it has",
    "Shared/OCPP/": "a message has the fields that the specification gives it",
    "Shared/SiteConfiguration/": "a section of charger.json has the fields that it has",
    "Services/OCPPGateway/Core/Profiles/": "the values of a profile's keys, one each",
    "Services/OCPPGateway/Core/Charging/Journal/": "what a record on disk holds",
    "Tests/Support/ChargerWorld/WorldSettings.swift": "what a world can be told, one property each",
}

DECLARATION = re.compile(
    r"^(?P<indent> *)(?:@\w+(?:\([^)]*\))? +)*(?:(?:public|package|internal|private|fileprivate|final|indirect) +)*"
    r"(?P<kind>struct|class|enum|actor|extension) +(?P<name>[\w.]+)"
)
PROPERTY = re.compile(
    r"^ *(?:@\w+(?:\([^)]*\))? +)*(?:(?:public|package|internal|private|fileprivate|final|unowned|weak|lazy|nonisolated)(?:\([\w()]*\))? +)*"
    r"(?:let|var) +(?P<rest>\w.*)$"
)


def without_text(line):
    """The line without its strings and comments, whose braces do not count."""
    return re.sub(r"//.*", "", re.sub(r'"(?:\\.|[^"\\])*"', '""', line))


def is_stored(rest):
    """A computed property opens a brace before any `=`; one with observers is stored."""
    head = rest.split("=", 1)[0]
    return "{" not in head


def read(path, files, properties, first):
    scopes = []  # (name or None, depth of its body)
    depth = 0
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        line = without_text(raw)
        declared = DECLARATION.match(line)
        property_ = PROPERTY.match(line)
        if declared:
            outer = [name for name, _ in scopes if name]
            name = ".".join(outer + [declared["name"]])
            files[name].add(str(path))
            if declared["kind"] != "extension":
                first.setdefault(name, f"{path}:{number}")
        elif property_ and scopes and scopes[-1][0] and scopes[-1][1] == depth and is_stored(property_["rest"]):
            names = re.sub(r"\([^)]*\)|\[[^]]*\]|<[^>]*>", "", property_["rest"].split("=")[0])
            properties[scopes[-1][0]] += 1 + names.count(",")
        opened = line.count("{") - line.count("}")
        if declared and opened > 0:
            scopes.append((name, depth + 1))
        elif opened > 0:
            scopes.append((None, depth + 1))
        depth += opened
        while scopes and scopes[-1][1] > depth:
            scopes.pop()


def module(path):
    parts = pathlib.Path(path).parts
    return parts[:2] if parts[0] == "Shared" else parts[:3]


def main():
    breaches = []
    paths = sorted(pathlib.Path(name) for name in sys.stdin.read().split())
    by_module = collections.defaultdict(list)
    for path in paths:
        by_module[module(path)].append(path)
    counted = 0
    for members in by_module.values():
        files, properties, first = collections.defaultdict(set), collections.Counter(), {}
        for path in members:
            read(path, files, properties, first)
        counted += len(first)
        for name, where in first.items():
            if any(where.startswith(free) for free in FREE):
                continue
            if len(files[name]) > MOST_FILES:
                breaches.append(f"{where}: {name} is spread over {len(files[name])} files")
            if properties[name] > MOST_PROPERTIES:
                breaches.append(f"{where}: {name} has {properties[name]} stored properties")
    if counted < 100:
        breaches.append(f"only {counted} types were found: the rule reads nothing")
    print("\n".join(breaches), end="\n" if breaches else "")


main()
