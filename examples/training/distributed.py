"""The same training on several processes, and resumed on another number of them.

    torchrun --nproc-per-node 2 distributed.py --mnist FOLDER --steps 200 --checkpoint run.pt
    torchrun --nproc-per-node 3 distributed.py --mnist FOLDER --steps 400 --checkpoint run.pt --resume

Every step takes 192 sequences, whatever the number of processes: the second line goes on with the next ones, and no
sequence is taken twice or left out. `--list FILE` writes which sequences a process took, a line for each step.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path
from typing import Any

import taskloom
import torch
import torch.distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from digits import load
from learn_in_context import CLASSES, FEATURES, LENGTH, MODELS, OPTIONS
from model import Learner
from training import accuracy, unseen

GLOBAL_BATCH = 192


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--steps", type=int, default=200, help="the step at which this run ends, counted from the first run")
    parser.add_argument("--checkpoint", required=True, type=Path, metavar="FILE")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--list", type=Path, metavar="FILE", help="FILE.0, FILE.1, ...: a file for each process")
    parser.add_argument("--seed", type=int, default=42)
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    if GLOBAL_BATCH % world != 0:
        raise SystemExit(f"{world} processes; allowed: a divisor of {GLOBAL_BATCH}, the sequences of a step")
    device = f"cuda:{os.environ['LOCAL_RANK']}" if torch.cuda.is_available() else "cpu"

    digits = load(arguments.mnist, CLASSES)
    # 2^20 sequences, shuffled: an epoch that all processes share.
    recipe = taskloom.recipe(digits.train, task_count=2**16, samples_per_task=16, seed=arguments.seed, **OPTIONS)
    tasks = taskloom.open_tasks(recipe, digits.train, threads=1)
    torch.manual_seed(arguments.seed)
    model = Learner(FEATURES, CLASSES, LENGTH, **MODELS["previous-input"]).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.99), weight_decay=0)

    step, options = 0, {"shuffle": True, "epochs": math.inf}
    if arguments.resume:
        saved: dict[str, Any] = torch.load(arguments.checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step, options = saved["step"], {"state": json.loads(saved["sequences"])}
    batches = tasks.batches(batch_size=GLOBAL_BATCH // world, shard=(rank, world), prefetch=0, **options)

    learner = DistributedDataParallel(model)
    taken = []
    while step < arguments.steps:
        batch = next(batches)
        taken.append(batch.indices.tolist())
        inputs, targets = torch.from_numpy(batch.inputs).to(device), torch.from_numpy(batch.targets).long().to(device)
        loss = F.cross_entropy(learner(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if rank == 0 and step % 50 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)
    if arguments.list:
        Path(f"{arguments.list}.{rank}").write_text("".join(f"{json.dumps(indices)}\n" for indices in taken))
    if rank == 0:
        parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        partial = arguments.checkpoint.with_suffix(".partial")
        torch.save({**parts, "sequences": json.dumps(batches.state())}, partial)
        os.replace(partial, arguments.checkpoint)
        inputs, targets = (tensor.to(device) for tensor in unseen(digits, 512, seed=arguments.seed, **OPTIONS))
        print(f"unseen tasks after step {step}, {world} processes: {accuracy(model, inputs, targets)}")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
