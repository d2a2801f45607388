#!/usr/bin/env python3
"""Holds the tree to its house rules: who may include what, who may print or exit, no mutable state
at file level, no float atomics and no relaxed mathematics. docs/architecture.md gives the reasons.

usage: test_rooms.py [TREE]
"""
import re
import sys

from source import blank, files, read, report, root

# A file includes only files of its own room and of rooms before it.
ROOMS = ['base', 'optimizers', 'device', 'gemm', 'layers', 'network', 'tune', 'data', 'formats',
         'train', 'check', 'bench', 'cli']

# The lowest room that may include a public header: the room of that name, or else:
PUBLIC_HEADERS = {'status': 'base', 'version': 'base', 'config': 'train', 'lr_find': 'train',
                  'network': 'train', 'incline': 'cli'}

# Where a library's header may be included: a prefix of the path.
LIBRARY_HEADERS = {
    r'CL/.*|device/opencl\.h': 'src/device/',
    r'clblast.*\.h': 'src/gemm/',
    r'libfyaml\.h': 'src/base/document_parse.c',
    r'png\.h': 'src/data/png_file.c',
    r'popt\.h': 'src/cli/',
}
C_LIBRARY = {
    'assert', 'complex', 'ctype', 'errno', 'fenv', 'float', 'inttypes', 'iso646', 'limits',
    'locale', 'math', 'setjmp', 'signal', 'stdalign', 'stdarg', 'stdatomic', 'stdbool', 'stddef',
    'stdint', 'stdio', 'stdlib', 'stdnoreturn', 'string', 'tgmath', 'threads', 'time', 'uchar',
    'wchar', 'wctype'}

# Made by the build in place of a file of the tree.
GENERATED = {'build_config.h', 'bench/commit.h', 'incline/version.h', 'layers/layer_list.h', 'cli/verb_list.h',
             'optimizers/optimizer_list.h', 'layer_list.h', 'verb_list.h'}

PRINTS_OR_EXITS = re.compile(
    r'(?<![\w.>])(printf|vprintf|puts|putchar|perror|psignal|exit|abort|_exit|_Exit|quick_exit|'
    r'raise|pthread_exit|thrd_exit)\s*\(|'
    r'(?<![\w.>])(write|dprintf|vdprintf)\s*\(\s*[12]\s*,|'
    r'(?<![\w.>])kill\s*\(\s*(0|getpid\s*\(\s*\))\s*,|'
    r'(?<!\w)(stdout|stderr|STDOUT_FILENO|STDERR_FILENO)(?!\w)')

# Mutable state: what a signal handler sets has no other place, and OpenCL's loader with its drivers
# is the process's, so what is known of it is too.
MUTABLE_ALLOWED = {('src/cli/signals.c', 'volatile sig_atomic_t'),
                   ('src/device/probe.c', 'process')}

# The child that tries drivers ends without the exit handlers of its parent.
EXITS_ALLOWED = {('src/device/probe.c', '_exit')}

# What changes when a launch is enqueued in pieces (src/device/enqueue.c).
PIECE = re.compile(r'get_group_id|get_num_groups|get_global_offset|get_global_size')

INEXACT = re.compile(r'cl-fast-relaxed-math|cl-unsafe-math|cl-mad-enable|cl-finite-math-only|'
                     r'cl-no-signed-zeros|ffast-math|(?<!\w)(?:mad|native_\w+|half_\w+)\s*\(')
FLOAT_ATOMIC = re.compile(r'(?<!\w)(?:atomic_\w*float\w*|atomic_cmpxchg|atom_cmpxchg|'
                          r'atomic_xchg|atom_xchg|atomic_compare_exchange\w*)')


def room_of(path):
    """Position in ROOMS."""
    return ROOMS.index(path.split('/')[1])


def includes(text):
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', text, re.M):
        yield text.count('\n', 0, match.start()) + 1, match.group(1), match.group(2)


def fault_of_public_header(path, header):
    name = re.sub(r'\.h$', '', header.split('/')[1])
    room = PUBLIC_HEADERS.get(name, name)
    if room not in ROOMS:
        return 'a public header without a room: add it to PUBLIC_HEADERS'
    if ROOMS.index(room) > room_of(path):
        return f'{path.split("/")[1]} reaches up into {room}'
    return None


def fault_of_include(path, quote, header):
    for pattern, home in LIBRARY_HEADERS.items():
        if re.fullmatch(pattern, header) and not path.startswith(home):
            return f'only {home} may include it'
    public = path.startswith('include/')
    if quote == '<':
        if public and header[:-2] not in C_LIBRARY:
            return 'a public header needs nothing but public headers and the C library'
        return None
    if header.startswith('incline/') and not public:
        return fault_of_public_header(path, header)
    if header.startswith('incline/'):
        return None
    if public:
        return 'a public header needs nothing but public headers and the C library'
    if header in GENERATED:
        return None
    room = header.split('/')[0] if '/' in header else path.split('/')[1]
    mine = path.split('/')[1]
    if header.startswith('cl/'):
        return None
    if room not in ROOMS:
        return 'no such room'
    if mine == 'cli' and room != 'cli':
        return 'the program uses public headers only'
    if ROOMS.index(room) > room_of(path):
        return f'{mine} reaches up into {room}'
    return None


def check_includes(path, source):
    text = blank(source, strings=False)
    for line, quote, header in includes(text):
        fault = fault_of_include(path, quote, header)
        if fault:
            yield f'{path}:{line}: includes {header}: {fault}'


def check_quiet(path, source):
    if path.startswith('src/cli/'):
        return
    text = blank(source)
    for match in PRINTS_OR_EXITS.finditer(text):
        if (path, match.group(0).strip('( ')) in EXITS_ALLOWED:
            continue
        line = text.count('\n', 0, match.start()) + 1
        yield f'{path}:{line}: {match.group(0).strip("( ")}: only src/cli prints or exits'


def file_level(text):
    """The text outside braces and directives, with `{}` where a block was."""
    text = re.sub(r'^[ \t]*#(?:\\\n|[^\n])*', lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text,
                  flags=re.M)
    depth, out = 0, []
    for char in text:
        if char == '{':
            if depth == 0:
                out.append('{')
            depth += 1
        elif char == '}':
            depth -= 1
            if depth == 0:
                out.append('}')
        elif depth == 0 or char == '\n':
            out.append(char)
    return ''.join(out)


def is_mutable_object(declaration):
    """true for `int x`, `static char *const *x = ...`; false for functions, types and constants."""
    words = re.sub(r'\[[^\]]*\]', '', declaration.split('=')[0]).strip()
    if re.match(r'(typedef|_Static_assert|static_assert)\b', words) or not words:
        return False
    if re.match(r'(?:struct|enum|union)\b\s*\w*\s*(?:\{\s*\})?$', words):
        return False                     # a type
    if re.match(r'extern\b', words) or '(' in re.sub(r'\(\s*\*[^()]*\)', '', words):
        # a function, unless it is a pointer to one: `int (*hook)(void)`
        pointer = re.search(r'\(\s*\*([^()]*)\)\s*\(', words)
        return bool(pointer) and not re.match(r'\s*const\b', pointer.group(1)) \
            and not re.search(r'\w\s*\(', words[:pointer.start()])
    last_star = words.rfind('*')
    return 'const' not in re.findall(r'\w+', words[last_star + 1:])


def check_state(path, source):
    text = blank(source)
    outside = file_level(text)
    # A function's body ends its definition as `;` ends a declaration.
    outside = re.sub(r'\)\s*\{\s*\}', lambda m: ');' + '\n' * m.group(0).count('\n'), outside)
    start = 0
    for end in [match.start() for match in re.finditer(';', outside)]:
        declaration = outside[start:end]
        line = outside.count('\n', 0, start + len(declaration) - len(declaration.lstrip())) + 1
        start = end + 1
        if is_mutable_object(declaration) and not any(
                path == where and what in declaration for where, what in MUTABLE_ALLOWED):
            yield f'{path}:{line}: mutable state at file level: {" ".join(declaration.split())}'
    for match in re.finditer(r'^[ \t]+static\b(?!\s+inline\b)([^;{]*)', text, re.M):
        if is_mutable_object(match.group(1)):
            line = text.count('\n', 0, match.start()) + 1
            yield f'{path}:{line}: mutable static in a function: {" ".join(match.group(0).split())}'


def check_exact(path, source):
    text = blank(source, strings=False)
    for pattern, why in ((INEXACT, 'the bits of a result would depend on the compiler'),
                         (FLOAT_ATOMIC, 'sums would depend on the order of work-items'),
                         (PIECE, 'differs where a launch is enqueued in pieces')):
        for match in pattern.finditer(text):
            line = text.count('\n', 0, match.start()) + 1
            yield f'{path}:{line}: {match.group(0).strip("( ")}: {why}'


CHECKS = (check_includes, check_quiet, check_state)

# A line that must be found in that file, and one much like it that must not.
PLANTED = (
    ('src/base/x.c', '#include "incline/network.h"', '#include "incline/status.h"'),
    ('src/data/x.c', '#include "incline/config.h"', '#include "incline/data.h"'),
    ('src/device/x.c', '#include "incline/incline.h"', '#include "incline/device.h"'),
    ('src/train/x.c', '#include "incline/unknown.h"', '#include "incline/train.h"'),
    ('src/layers/x.c', '#include "network/step.h"', '#include "device/plan.h"'),
    ('src/layers/x.c', '#include <CL/cl.h>', '#include <math.h>'),
    ('src/cli/x.c', '#include "base/text.h"', '#include "incline/train.h"'),
    ('include/incline/x.h', '#include "base/text.h"', '#include "incline/train.h"'),
    ('include/incline/x.h', '#include <unistd.h>', '#include <stddef.h>'),
    ('src/base/x.c', 'void f(void) { printf("x"); }', 'void f(void) { snprintf(b, 1, "x"); }'),
    ('src/base/x.c', 'void f(void) { fputs("x", stderr); }', 'void f(void) { fputs("x", file); }'),
    ('src/base/x.c', 'void f(void) { dprintf(2, "x"); }', 'void f(void) { dprintf(file, "x"); }'),
    ('src/base/x.c', 'void f(void) { write(1, b, n); }', 'void f(void) { write(file, b, n); }'),
    ('src/base/x.c', 'void f(void) { raise(SIGTERM); }', 'void f(void) { x.raise(SIGTERM); }'),
    ('src/base/x.c', 'void f(void) { kill(getpid(), 9); }', 'void f(void) { kill(child, 9); }'),
    ('src/base/x.c', 'void f(void) { exit(1); }', 'void f(void) { at_exit(1); }'),
    ('src/base/x.c', 'static int count;', 'static const int count = 1;'),
    ('src/base/x.c', 'void f(void)\n{\n    static int n;\n}', 'void f(void)\n{\n    int n;\n}'))


def self_test():
    """A rule that finds nothing protects nothing."""
    for path, wrong, right in PLANTED:
        for line, found in ((wrong, True), (right, False)):
            if any(list(check(path, line + '\n')) for check in CHECKS) != found:
                yield f'{path}: {line!r} should {"" if found else "not "}be a fault'


def main():
    tree = root()
    sources = files(tree, 'src', ('.c', '.h', '.h.in'))
    headers = files(tree, 'include', ('.h', '.h.in'))
    kernels = files(tree, 'cl', ('.cl', '.h'))
    faults = list(self_test())
    if not sources or not headers or not kernels:
        faults.append(f'{tree}: src, include or cl is empty')
    for path in sources + headers:
        for check in CHECKS:
            faults += check(path, read(tree, path))
    for path in sources + kernels:
        faults += check_exact(path, read(tree, path))
    return report('rooms', faults)


if __name__ == '__main__':
    sys.exit(main())
