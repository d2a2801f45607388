#!/usr/bin/env python3
"""The tables of src/cli/topics.c: README.md gives the same exit codes, and every variable that the
sources read is explained.

usage: test_tables.py [TREE]
"""
import re
import sys

from source import files, read, report, root

TOPICS = 'src/cli/topics.c'
VARIABLE = re.compile(r'getenv\("(INCLINE_[A-Z_]+)"\)')


def table(text, name):
    body = re.search(r'struct row %s\[\] = \{(.*?)\{NULL' % name, text, re.S).group(1)
    return re.findall(r'\{"([^"]+)",\s*"([^"]+)"\}', body)


def exit_code_faults(rows, readme):
    plain = ' '.join(readme.replace('`', '').split())
    return [f'README.md lacks the exit code "{code} {text}"' for code, text in rows
            if not re.search(rf'[ ,]{code} {re.escape(text)}[,.]', plain)]


def variable_faults(explained, found):
    return ([f'{TOPICS} does not explain {name}' for name in sorted(found - explained)] +
            [f'{TOPICS} explains {name}, which nothing reads' for name in
             sorted(explained - found)])


def main():
    tree = root()
    planted = (exit_code_faults([('2', 'usage')], 'Exit codes: 1 usage.') +
               variable_faults({'INCLINE_A'}, {'INCLINE_B'}))
    if len(planted) != 3:
        return report('tables', [f'of three planted faults these were found: {planted}'])
    topics = read(tree, TOPICS)
    found = set()
    for path in files(tree, 'src', ('.c',)):
        found.update(VARIABLE.findall(read(tree, path)))
    faults = exit_code_faults(table(topics, 'exit_codes'), read(tree, 'README.md'))
    faults += variable_faults({name for name, _ in table(topics, 'environment')}, found)
    return report('tables', faults)


if __name__ == '__main__':
    sys.exit(main())
