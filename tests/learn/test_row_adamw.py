from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from whereshot.learn.row_adamw import RowAdamW, clip_gradients

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = {"lr": 0.1, "weight_decay": 0.3}


def matrix() -> nn.Parameter:
    return nn.Parameter(torch.randn(5, 3, generator=torch.Generator().manual_seed(0)))


def gradient(number: int) -> Tensor:
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(100 + number))


def sparse(rows: list[int], values: Tensor) -> Tensor:
    return torch.sparse_coo_tensor(
        torch.tensor([rows]), values[rows], (5, 3), check_invariants=True
    )


def test_with_all_rows_it_computes_what_adamw_does() -> None:
    ours, theirs = matrix(), matrix()
    rowwise = RowAdamW([ours], **SETTINGS)
    plain = torch.optim.AdamW([theirs], **SETTINGS)
    for number in range(6):
        ours.grad = sparse([0, 1, 2, 3, 4], gradient(number))
        theirs.grad = gradient(number)
        rowwise.step()
        plain.step()
        assert torch.allclose(ours, theirs, atol=1e-6)
        assert ours.grad is None
    assert (ours - matrix()).abs().min() > 1e-3


def test_rows_without_a_gradient_stay_and_those_with_one_count_their_own_steps() -> None:
    ours = matrix()
    optimizer = RowAdamW([ours], **SETTINGS)
    seen = {0: [0, 1], 1: [1, 3], 2: [1], 3: [3]}
    for number, rows in seen.items():
        ours.grad = sparse(rows, gradient(number))
        optimizer.step()
    for row in range(5):
        # By plain AdamW, which meets this row's gradients only.
        alone = nn.Parameter(matrix().detach()[row])
        plain = torch.optim.AdamW([alone], **SETTINGS)
        for number, rows in seen.items():
            if row in rows:
                alone.grad = gradient(number)[row]
                plain.step()
        assert torch.allclose(ours[row], alone, atol=1e-6)
    assert optimizer.state[ours]["row_steps"].tolist() == [1, 3, 0, 2, 0]
    assert torch.equal(ours[2], matrix()[2])


def test_a_row_that_comes_twice_in_a_gradient_is_stepped_once_by_the_sum() -> None:
    ours, theirs = matrix(), matrix()
    ours.grad = sparse([2, 2], gradient(0))
    theirs.grad = sparse([2], 2 * gradient(0))
    for parameter in (ours, theirs):
        RowAdamW([parameter], **SETTINGS).step()
    assert torch.allclose(ours, theirs)


def test_dense_gradients_beside_it_are_adamw_s() -> None:
    rows, dense, twin = matrix(), matrix(), matrix()
    rows.grad, dense.grad, twin.grad = sparse([0], gradient(0)), gradient(1), gradient(1)
    RowAdamW([rows, dense], **SETTINGS).step()
    torch.optim.AdamW([twin], **SETTINGS).step()
    assert torch.equal(dense, twin)
    assert not torch.equal(rows[0], matrix()[0])


def test_its_state_goes_on_where_it_was() -> None:
    whole = matrix()
    optimizer = RowAdamW([whole], **SETTINGS)
    for number in range(4):
        if number == 2:
            kept, state = whole.detach().clone(), copy.deepcopy(optimizer.state_dict())
        whole.grad = sparse([number, 4], gradient(number))
        optimizer.step()
    resumed = nn.Parameter(kept)
    optimizer = RowAdamW([resumed], **SETTINGS)
    optimizer.load_state_dict(state)
    for number in (2, 3):
        resumed.grad = sparse([number, 4], gradient(number))
        optimizer.step()
    assert torch.equal(resumed, whole)


@pytest.mark.parametrize("longest", [0.5, 100.0])
def test_sparse_gradients_count_in_the_norm_like_dense_ones(longest: float) -> None:
    rows, dense, twins = matrix(), matrix(), [matrix(), matrix()]
    rows.grad, dense.grad = sparse([1, 3], gradient(0)).coalesce(), gradient(1)
    twins[0].grad, twins[1].grad = rows.grad.to_dense(), gradient(1)
    clip_gradients([rows, matrix(), dense], longest)
    nn.utils.clip_grad_norm_(twins, longest)
    assert torch.allclose(rows.grad.to_dense(), twins[0].grad)
    assert torch.allclose(dense.grad, twins[1].grad)
