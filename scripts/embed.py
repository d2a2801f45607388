#!/usr/bin/env python3
"""Turns text files into one C source with a byte array each and a table of their names.

usage: embed.py OUTPUT TABLE_NAME FILE...

The table is `const struct incline_embedded_file TABLE_NAME[]`, ended by a NULL name; see
src/base/embedded.h. Arrays instead of string literals, because C11 promises only 4095 characters
for the latter.
"""
import os
import sys


def main():
    output, table, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
    lines = ['#include "base/embedded.h"', '']
    for number, path in enumerate(paths):
        with open(path, 'rb') as file:
            content = file.read()
        lines.append(f'static const unsigned char file_{number}[] = {{')
        for start in range(0, len(content), 20):
            lines.append('    ' + ' '.join(f'{byte},' for byte in content[start:start + 20]))
        lines += ['    0};', '']
    lines.append(f'const struct incline_embedded_file {table}[] = {{')
    for number, path in enumerate(paths):
        lines.append(f'    {{"{os.path.basename(path)}", (const char *)file_{number}}},')
    lines += ['    {0, 0}};', '']
    with open(output, 'w', encoding='ascii') as file:
        file.write('\n'.join(lines))


if __name__ == '__main__':
    main()
