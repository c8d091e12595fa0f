"""Several processes that train one network together, started by `torchrun`.

Each takes its share of every batch; gradients are averaged over all of them, so the result is that
of one process with the whole batch, up to the order in which numbers are added up. What depends
on more than one photo, or on chance, has to be told apart:

- mixup and cutmix blend photos of the whole batch: the shares are exchanged first;
- dropout and stochastic depth draw other numbers in each process: another result, no worse one;
- BatchNorm in training looks at the whole batch on GPUs (SyncBatchNorm), but only at the own share
  on CPUs, where torch has no such layer: another result, and a worse one if shares are small.

One process alone is a team too, which exchanges nothing.
"""

from __future__ import annotations

import gc
import inspect
import itertools
import logging
import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar, cast
from weakref import WeakSet

import torch
import torch.distributed as dist
from timm.layers.norm_act import convert_sync_batchnorm
from torch import Tensor, nn
from torch.distributed import PrefixStore  # pyright: ignore[reportPrivateImportUsage] - it is public
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from whereshot.errors import RunError, WhereshotError

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
_PATIENCE = timedelta(hours=2)  # the others wait while the first process checks all photos
_MIN_SHARE = 2  # BatchNorm can't do with one photo
_meetings = itertools.count()


@dataclass(frozen=True, slots=True)
class Team:
    """The processes of one run as one of them sees it: its number from 0, and how many."""

    rank: int = 0
    size: int = 1
    _wrapped: WeakSet[DistributedDataParallel] = field(
        default_factory=WeakSet, init=False, repr=False, compare=False
    )

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes and reports."""
        return self.rank == 0

    def check_batch(self, photos: int) -> None:
        """Raise RunError for a batch that is too small to be shared."""
        if self.size > 1 and photos < _MIN_SHARE * self.size:
            raise RunError(
                f"A batch of {photos} photos is too small for {self.size} processes, which need "
                f"{_MIN_SHARE} photos each. Raise optim.batch, or start fewer."
            )

    def share(self, photos: int) -> slice:
        """Which of the photos of a batch are this process's; shares differ by one at most."""
        return slice(self.rank * photos // self.size, (self.rank + 1) * photos // self.size)

    def first(self, function: Callable[[], _T]) -> _T:
        """What the function gives in the first process, in all of them; or the error it raises.

        What reads or writes files goes through here: all then go on with the same, or end.
        """
        if self.size == 1:
            return function()
        outcome: list[Any] = [None, None]
        if self.leads:
            try:
                outcome[0] = function()
            except (WhereshotError, OSError) as error:
                outcome[1] = error
        dist.broadcast_object_list(outcome, src=0, device=torch.device("cpu"))
        if outcome[1] is not None:
            raise outcome[1]
        return cast(_T, outcome[0])

    def gather(self, mine: _T) -> list[_T]:
        """What each process has, by its number, in all of them."""
        if self.size == 1:
            return [mine]
        everyones: list[Any] = [None] * self.size
        dist.all_gather_object(everyones, mine)
        return everyones

    def total(self, mine: float) -> float:
        """The sum over all processes."""
        if self.size == 1:
            return mine
        number = torch.tensor(mine, dtype=torch.float64)
        dist.all_reduce(number)
        return float(number)

    def whole(self, mine: Tensor, photos: int) -> Tensor:
        """A batch (B, ...) put together from its shares, in all processes."""
        if self.size == 1:
            return mine
        batch = mine.new_zeros((photos, *mine.shape[1:]))
        batch[self.share(photos)] = mine
        dist.all_reduce(batch)  # the others have zeros where this one has photos
        return batch

    # -- the network -----------------------------------------------------------------------

    def share_norms(self, network: nn.Module) -> nn.Module:
        """Let BatchNorm look at whole batches, where torch can: on GPUs."""
        if self.size == 1 or not torch.cuda.is_available():
            return network
        return convert_sync_batchnorm(network)

    def wrap(self, module: nn.Module) -> nn.Module:
        """A module whose gradients are the mean of all processes' gradients."""
        if self.size == 1 or not any(each.requires_grad for each in module.parameters()):
            return module
        # What wrapped the module before would exchange the same gradients a second time.
        gc.collect()
        here = [torch.cuda.current_device()] if torch.cuda.is_available() else None
        # Not the first process's statistics for all, before each forward: see `average_norms`.
        known = inspect.signature(DistributedDataParallel).parameters
        new_name, old_name = "forward_sync_buffers", "broadcast_buffers"
        options: dict[str, Any] = {new_name if new_name in known else old_name: False}
        wrapped = DistributedDataParallel(module, device_ids=here, **options)
        self._wrapped.add(wrapped)
        return wrapped

    def part(self) -> None:
        """Take the group away from what was wrapped, which can't exchange gradients any more.

        A wrapped module that somebody still holds would keep the group's threads alive, and one
        of them that lets go of its last tensor while Python shuts down aborts the process.
        """
        for wrapped in self._wrapped:
            # The group last: it ends its threads without Python's lock, for which they may wait.
            for name in ("reducer", "logger", "process_group"):
                setattr(wrapped, name, None)

    def average_rows(self, parameter: Tensor) -> None:
        """Give a sparse gradient the mean of all processes', which have the same rows of it."""
        if self.size == 1 or parameter.grad is None:
            return
        values = parameter.grad.values()
        dist.all_reduce(values)
        values /= self.size

    def gradients_later(self, wrapped: nn.Module, *, later: bool) -> AbstractContextManager[Any]:
        """A backward pass in here adds to the own gradients only, if exchanged `later`."""
        if later and isinstance(wrapped, DistributedDataParallel):
            return wrapped.no_sync()
        return nullcontext()

    def warn_of_norms(self, network: nn.Module) -> bool:
        """Whether BatchNorm looks at shares of a batch only; if so, that is logged."""
        alone = self.size > 1 and bool(_own_norms(network))
        if alone and self.leads:
            logger.warning(
                "On CPUs BatchNorm sees only its process's share of a batch: the result is not "
                "that of one process. Set schedule.freeze_batch_norm = true where there are "
                "weights to start from, or keep the shares large."
            )
        return alone

    def average_norms(self, network: nn.Module) -> None:
        """Give BatchNorm's statistics in all processes the same value, the mean."""
        if self.size == 1:
            return
        statistics = [
            buffer
            for norm in _own_norms(network)
            for buffer in (norm.running_mean, norm.running_var)
            if buffer is not None
        ]
        if statistics:
            flat = torch.cat([buffer.flatten() for buffer in statistics]) / self.size
            dist.all_reduce(flat)
            parts = flat.split([buffer.numel() for buffer in statistics])
            for buffer, part in zip(statistics, parts, strict=True):
                buffer.copy_(part.view_as(buffer))


def _own_norms(network: nn.Module) -> list[nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d]:
    """The norms that learn from the share of one process; SyncBatchNorm is none of them."""
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    return [norm for norm in network.modules() if isinstance(norm, kinds) and norm.training]


@contextmanager
def join_team() -> Generator[Team]:
    """The team that `torchrun` has started this process for, or one of this process alone.

    Processes talk through gloo, on GPUs through NCCL too, and each takes the GPU of its number.
    Raises RunError where there are more processes than GPUs, or where another process has ended.
    """
    started_here = dist.is_torchelastic_launched() and not dist.is_initialized()
    if started_here:
        _meet()
    if not dist.is_initialized():
        yield Team()
        return
    team = Team(dist.get_rank(), dist.get_world_size())
    try:
        yield team
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error):
            raise RunError(
                f"Process {team.rank + 1} of {team.size} lost the others: one has ended, and has "
                "said why. Go on with --resume."
            ) from error
        raise
    # After an error the group is left to the end of the process: a farewell could wait forever.
    if started_here:
        team.part()
        dist.destroy_process_group()


def _meet() -> None:
    backend = "gloo"
    if torch.cuda.is_available():
        backend = "cpu:gloo,cuda:nccl"
        number, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if number >= gpus:
            raise RunError(
                f"torchrun has started {os.environ['LOCAL_WORLD_SIZE']} processes for {gpus} "
                f"GPUs. Start one per GPU: --nproc-per-node {gpus}"
            )
        torch.cuda.set_device(number)
    store, rank, size = next(rendezvous("env://", timeout=_PATIENCE))
    # Each meeting writes its addresses under a name of its own: whoever is early at the second
    # training of one program would else call those of the first, where nobody answers any more.
    store = PrefixStore(f"meeting {next(_meetings)}", store)
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=_PATIENCE)
