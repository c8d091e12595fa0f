"""AdamW for a matrix of which each step has seen a few rows only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class RowAdamW(torch.optim.AdamW):
    """AdamW that steps the rows of a sparse gradient and leaves all others as they are.

    Each row has moments and a count of steps of its own: what was never drawn has no momentum that
    could move it, and a row's first step is corrected like any first step. Where every row is
    seen each time it computes what AdamW does, and for dense gradients it is AdamW. The state of a
    matrix (R, D) are two of its size, float32, and R counts.

    Reference: I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization" (ICLR 2019),
    algorithm 2.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step with the gradients that are there."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.grad.is_sparse:
                    self._step_rows(parameter, group)
                    parameter.grad = None  # AdamW itself refuses sparse ones
        return super().step(closure)

    def _step_rows(self, parameter: Tensor, group: dict[str, Any]) -> None:
        assert parameter.grad is not None
        gradient = parameter.grad.coalesce()
        rows, values = gradient.indices()[0], gradient.values()  # (n,), (n, D)
        state = self.state[parameter]
        if not state:
            state["step"] = torch.tensor(0.0)  # of no use, but AdamW asks for it in a loaded state
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
            state["row_steps"] = torch.zeros(len(parameter), device=parameter.device)
        (beta1, beta2), rate = group["betas"], group["lr"]
        steps = state["row_steps"][rows].double() + 1  # in float32, 1 - 0.999 has four digits
        first = state["exp_avg"][rows].lerp_(values, 1 - beta1)
        second = state["exp_avg_sq"][rows].mul_(beta2).addcmul_(values, values, value=1 - beta2)
        state["row_steps"][rows], state["exp_avg"][rows] = steps.float(), first
        state["exp_avg_sq"][rows] = second
        root = (1 - beta2**steps).sqrt().float()[:, None]
        change = second.sqrt_().div_(root).add_(group["eps"])
        change = first.div_(change).div_((1 - beta1**steps).float()[:, None])
        weights = parameter[rows].mul_(1 - rate * group["weight_decay"])
        parameter[rows] = weights.sub_(change, alpha=rate)


def clip_gradients(parameters: list[Tensor], longest: float) -> None:
    """Scale gradients, dense or sparse, so that their norm over all parameters is at most that.

    Sparse ones must be coalesced. As `torch.nn.utils.clip_grad_norm_`, which knows dense ones only.
    """
    gradients = [
        parameter.grad.values() if parameter.grad.is_sparse else parameter.grad
        for parameter in parameters
        if parameter.grad is not None
    ]
    norm = torch.nn.utils.get_total_norm(gradients)
    factor = (longest / (norm + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor)
