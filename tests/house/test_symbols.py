#!/usr/bin/env python3
"""Holds the shared library to what the public headers declare: it exports every INCLINE_API
function and nothing else.

usage: test_symbols.py LIBRARY NM [TREE]
"""
import os
import re
import subprocess
import sys

from source import ROOT, blank, files, read, report


def declared(tree):
    names = set()
    for path in files(tree, 'include/incline', ('.h', '.h.in')):
        text = re.sub(r'^[ \t]*#.*$', '', blank(read(tree, path)), flags=re.M)
        for declaration in text.split(';'):
            match = re.search(r'\bINCLINE_API\b[^()]*?(\w+)\s*(?:\(|\[|$)', declaration)
            if match:
                names.add(match.group(1))
    return names


def exported(library, nm):
    done = subprocess.run([nm, '-D', '--defined-only', library], text=True, capture_output=True,
                          check=True)
    names = {line.split()[-1].split('@')[0] for line in done.stdout.splitlines()}
    # What the linker, sanitizers and coverage add are not the library's own.
    return {name for name in names
            if not re.match(r'_init$|_fini$|_edata$|_end$|__bss_start$|__asan|__odr_asan|__gcov',
                            name)}


def main():
    library, nm = sys.argv[1], sys.argv[2]
    tree = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else ROOT
    wanted, given = declared(tree), exported(library, nm)
    faults = [f'{name}: exported, but not declared in include/incline'
              for name in sorted(given - wanted)]
    faults += [f'{name}: declared INCLINE_API, but not exported' for name in sorted(wanted - given)]
    faults += [f'{name}: does not begin with incline_'
               for name in sorted(wanted | given) if not name.startswith('incline_')]
    if not wanted:
        faults.append(f'{tree}/include/incline declares nothing')
    return report('symbols', faults)


if __name__ == '__main__':
    sys.exit(main())
