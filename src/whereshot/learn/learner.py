"""A network that learns: batches in, gradients, steps.

B batch, S side in px, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from whereshot.learn import config, losses, optim
from whereshot.learn.augment import Mixing
from whereshot.learn.class_sample import draw_classes, places_in
from whereshot.learn.distributed import Team
from whereshot.learn.heads import CosineHead
from whereshot.learn.loader import seed_of
from whereshot.learn.network import LandmarkNet
from whereshot.learn.precision import (
    Precision,
    choose_device,
    choose_precision,
    keep_depthwise_in_float32,
    short_format,
)
from whereshot.learn.row_adamw import RowAdamW, clip_gradients


class _Logits(nn.Module):
    """Logits (B, K) float32 of float planes (B, 3, S, S), computed in the wanted precision."""

    def __init__(self, network: LandmarkNet, precision: Precision) -> None:
        super().__init__()
        self.network = network
        self.precision: Precision = precision

    def forward(self, planes: Tensor) -> Tensor:
        planes = planes.contiguous(memory_format=torch.channels_last)
        short = short_format(self.precision)
        with torch.autocast(planes.device.type, short, enabled=short is not None):
            return self.network.from_planes(planes).logits.float()


class _Vectors(nn.Module):
    """Vectors (B, D) float32 of float planes (B, 3, S, S): the network without its head."""

    def __init__(self, network: LandmarkNet, precision: Precision) -> None:
        super().__init__()
        # What DistributedDataParallel has to exchange: it knows a module by what it consists of.
        self.parts = nn.ModuleList([network.backbone, network.pool, network.neck])
        self.vector_of = network.vector_of
        self.precision: Precision = precision

    def forward(self, planes: Tensor) -> Tensor:
        planes = planes.contiguous(memory_format=torch.channels_last)
        short = short_format(self.precision)
        with torch.autocast(planes.device.type, short, enabled=short is not None):
            return self.vector_of(planes).float()


class Learner:
    """The network of a recipe for classes of `counts` photos, its optimizer, its average.

    A phase begins with `begin`; then, batch by batch, `blend`, `backward`, and `update` after each
    group of batches.
    """

    def __init__(self, recipe: config.Recipe, counts: Sequence[int], team: Team) -> None:
        self.recipe, self.team = recipe, team
        self.device = choose_device()
        self.precision: Precision = choose_precision(recipe.precision)
        torch.manual_seed(seed_of(recipe.seed, "weights"))
        network = LandmarkNet(recipe.model, len(counts))
        if self.device.type == "cpu":
            keep_depthwise_in_float32(network)
        network = team.share_norms(network)
        self.network = cast(
            LandmarkNet,
            network.to(self.device, memory_format=torch.channels_last),  # type: ignore[call-overload]
        )
        self.margins = losses.adaptive_margins(counts, recipe.model.margin).to(self.device)
        self.chosen: Tensor | None = None  # the classes of this batch, where not all count
        # float16 loses small gradients to zero; in the other formats the scaler does nothing.
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "float16")
        self.average: AveragedModel | None = None
        self._warned = False
        self._optimizer: torch.optim.Optimizer | None = None
        self._forward: nn.Module | None = None

    @property
    def samples(self) -> bool:
        """Whether a batch is compared with some of the classes only."""
        return self.recipe.model.class_share < 1

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """The optimizer of the phase."""
        if self._optimizer is None:
            raise AssertionError("no phase has begun")
        return self._optimizer

    @property
    def has_begun(self) -> bool:
        """Whether a phase has begun."""
        return self._optimizer is not None

    @property
    def evaluated(self) -> LandmarkNet:
        """The network that is measured and kept: the average if there is one."""
        return self.network if self.average is None else cast(LandmarkNet, self.average.module)

    def begin(self, *, frozen: bool) -> None:
        """Begin a phase: of the head alone, or of the whole network with an average of weights."""
        optim.set_frozen(self.network, backbone=frozen, stages=self.recipe.schedule.freeze_stages)
        kind = RowAdamW if self.samples else torch.optim.AdamW
        self._optimizer = kind(optim.parameter_groups(self.network, self.recipe.optim))
        self._forward = None
        looked_at = _Vectors if self.samples else _Logits
        self._forward = self.team.wrap(looked_at(self.network, self.precision))
        if not frozen and self.recipe.optim.ema > 0:
            self.average = optim.average_of(self.network, self.recipe.optim.ema)
        self.set_mode(frozen=frozen)
        if not self._warned:
            self._warned = self.team.warn_of_norms(self.network)

    def set_mode(self, *, frozen: bool) -> None:
        """Training mode for what learns in this phase."""
        optim.set_mode(
            self.network,
            backbone_trains=not frozen,
            freeze_batch_norm=self.recipe.schedule.freeze_batch_norm,
        )

    # -- a step ----------------------------------------------------------------------------

    def blend(
        self, planes: Tensor, labels: Tensor, *, photos: int, turn: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """Planes (B, 3, S, S) uint8 and labels (B,) as float planes and distributions (B, K).

        Where a batch is compared with n classes only (`chosen`), the distributions are (B, n).
        `photos` is the size of the batch over all processes, of which this one has its share;
        `turn` tells this batch from all others, and with the seed decides on all that is random
        from here to the end of `backward`.
        """
        planes, labels = planes.to(self.device), labels.to(self.device)
        classes = len(self.margins)
        if self.samples:  # the same classes in all processes, with those of the whole batch
            whole, seed = (
                self.team.whole(labels, photos),
                seed_of(self.recipe.seed, "classes", *turn),
            )
            share = self.recipe.model.class_share
            self.chosen = draw_classes(whole, classes, share, seed=seed)
            labels, classes = places_in(self.chosen, labels), len(self.chosen)
        mixing = Mixing(self.recipe.augment, classes)
        torch.manual_seed(seed_of(self.recipe.seed, "mixing", *turn))
        mixes = self.recipe.augment.mixup > 0 or self.recipe.augment.cutmix > 0
        if mixes and self.team.size > 1:  # with any photo of the batch, not just of the share
            mine = self.team.share(photos)
            planes, labels = self.team.whole(planes, photos), self.team.whole(labels, photos)
            planes, targets = mixing(planes.float(), labels)
            planes, targets = planes[mine], targets[mine]
        else:
            planes, targets = mixing(planes.float(), labels)
        torch.manual_seed(seed_of(self.recipe.seed, "dropout", *turn, self.team.rank))
        return planes, targets

    def backward(
        self,
        planes: Tensor,
        targets: Tensor,
        labels: Tensor,
        *,
        photos: int,
        share: float = 1.0,
        last: bool = True,
    ) -> float:
        """Add `share` of the gradient of a blended batch; returns the batch's mean loss.

        `last` says that `update` follows: gradients are exchanged once, before it.
        """
        assert self._forward is not None, "no phase has begun"
        part = len(planes) / photos
        with self.team.gradients_later(self._forward, later=not last):
            answers, margins, labels = self._forward(planes), self.margins, labels.to(self.device)
            if self.chosen is None:
                logits = answers
            else:
                logits = cast(CosineHead, self.network.head).logits_of(answers, self.chosen)
                margins, labels = margins[self.chosen], places_in(self.chosen, labels)
            if self.recipe.model.margin > 0:
                logits = losses.angular_margin(logits, labels, margins, self.recipe.model.scale)
            smoothing = self.recipe.optim.label_smoothing
            loss = losses.soft_cross_entropy(logits, targets, smoothing)
            value = self.team.total(part * float(loss.detach()))
            # The mean over processes is that over photos only where their shares are equal.
            weight = share * part * self.team.size
            self.scaler.scale(weight * loss).backward()
        return value

    def update(self) -> None:
        """One step with the gradients that were added up."""
        if self.samples:
            centers = cast(CosineHead, self.network.head).centers
            assert centers.grad is not None
            centers.grad = centers.grad.coalesce()
            self.team.average_rows(centers)
        if self.recipe.optim.clip > 0:
            self.scaler.unscale_(self.optimizer)
            clip_gradients(list(self.network.parameters()), self.recipe.optim.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()
        self.team.average_norms(self.network)
        if self.average is not None:
            self.average.update_parameters(self.network)

    def learning_rates(self) -> dict[str, float]:
        """The rates of the head, and of the last layer of the backbone that learns."""
        rates: dict[str, float] = {}
        for group in self.optimizer.param_groups:
            key = f"learning_rate/{group.get('part', 'backbone')}"
            rates[key] = max(group["lr"], rates.get(key, 0.0))
        return rates

    def is_finite(self) -> bool:
        """Whether all weights are numbers."""
        return all(bool(parameter.isfinite().all()) for parameter in self.network.parameters())

    # -- its state -------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All that a phase needs to go on."""
        return {
            "network": self.network.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of the phase that has begun; what torch raises if it doesn't fit."""
        self.network.load_state_dict(state["network"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        if scaler := state.get("scaler"):  # a run that was begun before there was one has none
            self.scaler.load_state_dict(scaler)


def logits_of(network: LandmarkNet, planes: Tensor, precision: Precision) -> Tensor:
    """Logits (B, K) float32 of float planes (B, 3, S, S), as training computes them."""
    return _Logits(network, precision)(planes)
