"""Compares JSON documents for the round-trip tests, independently of the project's own reader.

Reads pairs of file names from standard input, one pair a line, separated by a tab. Numbers are compared as
the text they were written as, arrays in order, objects by their sets of keys; duplicate keys are an error.
Says where two documents differ and exits with 1 if any do. Never prints a value.
"""

import json
import sys


class Number(str):
    """A number as it was written."""


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("duplicate key")
    return dict(pairs)


def refuse(text):
    raise ValueError("not JSON: " + text)


def load(path):
    with open(path, encoding="utf-8-sig") as file:
        return json.load(
            file,
            object_pairs_hook=unique,
            parse_float=Number,
            parse_int=Number,
            parse_constant=refuse,
        )


def differences(one, other, path):
    if type(one) is not type(other):
        yield f"{path}: {type(one).__name__} became {type(other).__name__}"
    elif isinstance(one, dict):
        for key in sorted(one.keys() - other.keys()):
            yield f"{path}.{key}: lost"
        for key in sorted(other.keys() - one.keys()):
            yield f"{path}.{key}: added"
        for key in one.keys() & other.keys():
            yield from differences(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list):
        if len(one) != len(other):
            yield f"{path}: {len(one)} items became {len(other)}"
        for at, (left, right) in enumerate(zip(one, other)):
            yield from differences(left, right, f"{path}[{at}]")
    elif one != other:
        yield f"{path}: another {type(one).__name__}"


def main():
    found = 0
    for line in sys.stdin:
        before, after = line.rstrip("\n").split("\t")
        for difference in differences(load(before), load(after), "$"):
            print(f"{before}: {difference}")
            found += 1
    sys.exit(1 if found else 0)


main()
