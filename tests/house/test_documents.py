#!/usr/bin/env python3
"""Documents hold what they promise: no placeholder was left, and files they link to exist.

usage: test_documents.py [TREE]
"""
import os
import re
import sys

from source import read, report, root

PLACEHOLDER = re.compile(r'@[A-Z]+@|TODO|FIXME')
LINK = re.compile(r'\]\(([^)#:]+)(?:#[^)]*)?\)')
FOLDERS = ('', 'docs', 'bench')


def faults_of(tree, path, text):
    found = [f'{path}: left over: {match}' for match in PLACEHOLDER.findall(text)]
    folder = os.path.dirname(os.path.join(tree, path))
    found += [f'{path}: links to {link}, which does not exist' for link in LINK.findall(text)
              if not os.path.exists(os.path.join(folder, link))]
    return found


def documents(tree):
    for folder in FOLDERS:
        for name in sorted(os.listdir(os.path.join(tree, folder))):
            if name.endswith('.md'):
                yield os.path.join(folder, name)


def main():
    tree = root()
    planted = faults_of(tree, 'README.md', 'see @FIGURES@ and [this](no/such/file.md)')
    if len(planted) != 2:
        return report('documents', [f'of two planted faults these were found: {planted}'])
    faults = []
    for path in documents(tree):
        faults += faults_of(tree, path, read(tree, path))
    return report('documents', faults)


if __name__ == '__main__':
    sys.exit(main())
