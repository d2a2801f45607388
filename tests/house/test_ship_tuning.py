#!/usr/bin/env python3
"""scripts/ship-tuning takes the records of the last build, but for lanes, for any driver and units.

usage: test_ship_tuning.py [TREE]
"""
import os
import shutil
import subprocess
import sys
import tempfile

from source import report, root

KEPT = """# a comment
1\tP\tcpu one\tD\t2\t16\told\tn=3\tbefore\t8,0,0,0\t1\t-\t0\t2026-01-31
2\tP\tcpu one\tD\t2\t16\tof another schema
1\tP\tcpu one\tD\t2\t0\tlanes\tfma\tnow\t16,0,0,0\t1\t-\t0\t2026-01-31
1\tP\tcpu one\tD\t2\t16\top\tn=3\tnow\t8,0,0,0\t1\t-\t0\t2026-01-31
1\tP\tcpu two\tE\t4\t16\top\tn=3\tnow\t4,0,0,0\t1\t8,0,0,0\t2\t2026-01-31
"""
SHIPPED = """1\tP\tcpu one\t*\t*\t16\top\tn=3\tnow\t8,0,0,0\t1\t-\t0\t2026-01-31
1\tP\tcpu two\t*\t*\t16\top\tn=3\tnow\t4,0,0,0\t1\t8,0,0,0\t2\t2026-01-31
"""


def ship(folder, content):
    """The exit code, and the records of the file that was made, or None."""
    made = os.path.join(folder, 'data', 'tuning', 'new.txt')
    kept = os.path.join(folder, 'kept')
    with open(kept, 'w', encoding='utf-8') as file:
        file.write(content)
    done = subprocess.run([os.path.join(folder, 'scripts', 'ship-tuning'), 'new', kept],
                          capture_output=True, check=False)
    if not os.path.exists(made):
        return done.returncode, None
    with open(made, encoding='utf-8') as file:
        lines = file.readlines()
    os.remove(made)
    return done.returncode, ''.join(line for line in lines if not line.startswith('#'))


def main():
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, 'data', 'tuning'))
        os.makedirs(os.path.join(folder, 'scripts'))
        shutil.copy(os.path.join(root(), 'data', 'meson.build'), os.path.join(folder, 'data'))
        shutil.copy(os.path.join(root(), 'scripts', 'ship-tuning'),
                    os.path.join(folder, 'scripts'))
        found = ship(folder, KEPT)
        if found != (0, SHIPPED):
            faults.append(f'shipped: {found}')
        found = ship(folder, '# nothing\n')
        if found != (1, None):
            faults.append(f'of nothing: {found}')
    return report('ship_tuning', faults)


if __name__ == '__main__':
    sys.exit(main())
