#!/usr/bin/env python3
"""docs/reference.md is what `incline help reference` prints.

usage: test_reference.py TREE PROGRAM
"""
import subprocess
import sys

from source import read, report

PAGE = 'docs/reference.md'


def main():
    tree, program = sys.argv[1:]
    printed = subprocess.run([program, 'help', 'reference'], check=True, capture_output=True,
                             text=True).stdout
    faults = []
    if '### conv2d' not in printed:
        faults.append('`incline help reference` does not describe conv2d')
    if read(tree, PAGE) != printed:
        faults.append(f'{PAGE} differs from `incline help reference`: write that into it')
    return report('reference', faults)


if __name__ == '__main__':
    sys.exit(main())
