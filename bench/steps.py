"""Training steps of larger networks beside PyTorch's: `bench/compare --networks`.

The two take turns, round by round, each in a process of its own with the same batch and number of
threads, on random images of 32 x 32 x 3.
"""
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent


def run(command, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads),
                       POCL_MAX_PTHREAD_COUNT=str(threads))
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def incline_steps(options, network):
    """Milliseconds of each step, and parameters."""
    file = BENCH / 'networks' / f'{network}.yaml'
    row = run([options.incline, 'bench', str(file) if file.exists() else network, '-b',
               str(options.batch), '-r', '5', '--format', 'jsonl'], options.threads)
    return [sample / 1e6 for sample in row['samples_ns']], row['params']


def pytorch_steps(options, network):
    row = run([options.python, str(BENCH / 'rivals/pytorch_steps.py'), network, '--batch',
               str(options.batch), '--threads', str(options.threads)], options.threads)
    return row['ms'], row['params']


def compare(options):
    """Prints a row of medians for each network."""
    print('| network | parameters | incline ms | pytorch channels-last ms | incline/pytorch |')
    print('|---|---:|---:|---:|---:|')
    for network in options.networks.split(','):
        times, params = {incline_steps: [], pytorch_steps: []}, set()
        for number in range(options.rounds):
            for steps in times:
                print(f'round {number + 1}: {network}, {steps.__name__}', file=sys.stderr, flush=True)
                found, count = steps(options, network)
                times[steps] += found
                params.add(count)
        if len(params) != 1:
            raise RuntimeError(f'{network}: the two have different numbers of parameters: {params}')
        own, rival = (statistics.median(each) for each in times.values())
        print(f'| {network} | {params.pop():,} | {own:.1f} | {rival:.1f} | {own / rival:.2f} |',
              flush=True)
