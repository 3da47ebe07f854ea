"""Rotary positions by hand against the plain form; the angles against their definition."""

import math

import torch

from danlu.models.layers.norm import RMSNorm
from danlu.models.layers.position import plain_turn, rotary_tables, split_heads

CPU = torch.device("cpu")


def test_angles_follow_the_definition() -> None:
    tables_2TE = rotary_tables(3, 9, 8, 10000.0, CPU)
    assert tables_2TE.shape == (2, 6, 4)
    assert math.isclose(float(tables_2TE[0, 2, 1]), math.cos(5 / 10000 ** (2 / 8)), rel_tol=1e-6)
    assert math.isclose(float(tables_2TE[1, 5, 3]), math.sin(8 / 10000 ** (6 / 8)), rel_tol=1e-6)


def test_products_depend_on_the_distance_alone() -> None:
    x_BTHD = torch.randn(1, 1, 2, 16, generator=torch.Generator().manual_seed(1)).expand(1, 40, 2, 16)
    turned = plain_turn(x_BTHD, rotary_tables(0, 40, 16, 100.0, CPU))[0]
    products_TT = torch.einsum("td,sd->ts", turned[:, 0], turned[:, 1])
    for distance in (0, 1, 7):
        diagonal = products_TT.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-4, rtol=0)


def test_by_hand_equals_the_plain_form() -> None:
    generator = torch.Generator().manual_seed(2)
    norms = RMSNorm(8), RMSNorm(8)
    for norm in norms:
        torch.nn.init.normal_(norm.weight, 1.0, 0.3, generator=generator)
    joined_BTO = torch.randn(2, 6, (4 + 2 + 2) * 8, generator=generator).requires_grad_()
    tables_2TE = rotary_tables(0, 6, 8, 100.0, CPU)
    heads = split_heads(joined_BTO, *norms, tables_2TE, 4)
    q, k, v = joined_BTO.view(2, 6, 8, 8).split([4, 2, 2], dim=2)
    plain = plain_turn(norms[0](q), tables_2TE), plain_turn(norms[1](k), tables_2TE), v
    ours = heads.q_BTHD, heads.k_BTKD, heads.v_BTKD
    directions = [torch.randn(part.shape, generator=generator) for part in plain]
    inputs = joined_BTO, norms[0].weight, norms[1].weight
    torch.testing.assert_close(ours, plain, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(
        torch.autograd.grad(ours, inputs, directions),
        torch.autograd.grad(plain, inputs, directions),
        atol=1e-5,
        rtol=1e-4,
    )
