"""What the tests of this folder share: the tree, its files, and C text without comments."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def root():
    """The tree to look at: the first argument, or the one this file lies in."""
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ROOT


def files(tree, folder, suffixes):
    """Paths below `folder`, relative to the tree, in order."""
    found = []
    for where, _, names in os.walk(os.path.join(tree, folder)):
        found += [os.path.relpath(os.path.join(where, name), tree)
                  for name in names if name.endswith(suffixes)]
    return sorted(found)


def read(tree, path):
    with open(os.path.join(tree, path), encoding='utf-8') as file:
        return file.read()


def blank(text, strings=True):
    """C text with comments, and if `strings` the inside of literals, as spaces; lines stay."""
    def spaces(match):
        whole = match.group(0)
        if whole[0] == '/':
            return re.sub(r'[^\n]', ' ', whole)
        return whole[0] + ' ' * (len(whole) - 2) + whole[-1] if strings else whole

    token = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(token, spaces, text, flags=re.S)


def report(name, faults):
    """Prints the faults and returns the exit status."""
    for fault in faults:
        print(fault)
    print(f'{name}: {len(faults)} fault(s)' if faults else f'{name}: ok')
    return 1 if faults else 0
