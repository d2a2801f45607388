#!/usr/bin/env python3
"""Compiles each public header alone, as C11 and, where there is a compiler for it, as C++.

usage: test_headers.py TREE BUILT_INCLUDE C_COMPILER...
"""
import os
import shutil
import subprocess
import sys

from source import files, report

WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Werror', '-fsyntax-only']


def main():
    tree, built, compiler = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
    languages = [compiler + ['-x', 'c', '-std=c11']]
    plus = shutil.which('c++') or shutil.which('g++') or shutil.which('clang++')
    if plus:
        languages.append([plus, '-x', 'c++', '-std=c++11'])
    else:
        print('no C++ compiler: C only')
    names = [os.path.basename(path) for path in files(tree, 'include/incline', '.h')] + ['version.h']
    faults = []
    for command in languages:
        for name in names:
            # Twice: the guard has to hold.
            program = f'#include "incline/{name}"\n#include "incline/{name}"\nint main(void);\n'
            command_line = command + WARNINGS + ['-I', f'{tree}/include', '-I', built, '-']
            done = subprocess.run(command_line, input=program, text=True, capture_output=True,
                                  check=False)
            if done.returncode:
                faults.append(f'{name}: {" ".join(command_line)}\n{done.stderr}')
    if len(names) < 2:
        faults.append(f'{tree}/include/incline holds no headers')
    return report('headers', faults)


if __name__ == '__main__':
    sys.exit(main())
