"""Tests of plans: what a turn evaluates, what of it has a graph, and what is kept for later turns."""

from __future__ import annotations

from engine_toys import Points, Sgd, critic, distance, fool, mean, mlp, slope

import ganforge as gf
from ganforge.engine.plan import TurnPlan, plan_step
from ganforge.language.game import Game


def plans(*players: gf.Player, turns: int = 1) -> tuple[TurnPlan, ...]:
    game = Game(*players, batch_size=2, length=gf.steps(1))
    return plan_step([(p, t, p.minimizes.parts) for p in game.players for t in range(turns if p.name == "D" else 1)])


def names(origins: object) -> list[str]:
    return [str(origin) for origin in origins]  # type: ignore[attr-defined]


def test_sources_come_first_then_what_reads_them() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 3), mlp("D", 3, 1)
    on_real, fake = D(real), G(z)
    d, g = plans(
        gf.Player("D", trains=D, minimizes=critic(on_real, D(fake)), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
    )
    assert names(d.order) == ["points", "noise", "D(…)", "G(…)", "D(…)"]
    assert names(g.order) == ["noise", "G(…)", "D(…)"]
    assert sorted(names(d.recorded)) == ["D(…)", "D(…)"]
    assert sorted(names(g.recorded)) == ["D(…)", "G(…)"]
    assert (d.live, g.live) == ({D}, {G})
    assert not d.kept
    assert not d.retain


def test_a_pass_is_kept_for_the_turn_that_needs_its_graph() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 3), mlp("D", 3, 1)
    fake = gf.per_step(G(z))
    d, again, g = plans(
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Sgd(), updates=2),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
        turns=2,
    )
    assert sorted(names(d.kept)) == ["G(…)", "noise", "per-step G(…)"]
    assert d.live == {D, G}
    assert again.live == {D}
    assert names(again.order) == ["points", "D(…)", "D(…)"]
    assert not again.continued
    assert g.continued == {fake.origin}
    assert names(g.order) == ["D(…)"]


def test_nothing_is_kept_where_the_graph_would_be_gone() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 3), mlp("D", 3, 1)
    fake = gf.per_step(G(z))
    g, d = plans(
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Sgd()),
    )
    assert not g.kept
    assert g.live == {G}
    assert not d.continued
    assert fake.origin not in d.recorded


def test_a_penalty_at_a_shared_value_keeps_no_graph_behind_it() -> None:
    z = gf.noise(2)
    G, D, C = mlp("G", 2, 3), mlp("D", 3, 1), mlp("C", 3, 1)
    fake = gf.per_step(G(z))
    c, d, g = plans(
        gf.Player("C", trains=C, minimizes=mean(C(fake)), optimizer=Sgd()),
        gf.Player("D", trains=D, minimizes=slope(D(fake), wrt=fake), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=distance(G(z), fake) + fool(D(G(z))), optimizer=Sgd()),
    )
    assert fake.origin in d.recorded
    assert not d.continued
    assert g.continued == {fake.origin}
    assert G in c.live
    assert G not in d.live


def test_behind_a_pool_nothing_is_recorded() -> None:
    z = gf.noise(2)
    G, D = mlp("G", 2, 3), mlp("D", 3, 1)
    pooled = gf.image_pool(G(z), size=2)
    (both,) = plans(gf.Player("P", trains=[D, G], minimizes=mean(D(pooled)) + mean(G(z)).named("own"), optimizer=Sgd()))
    assert names(both.order) == ["noise", "G(…)", "image pool", "D(…)", "G(…)"]
    assert [str(origin) for origin in both.order if origin in both.recorded] == ["D(…)", "G(…)"]
    assert both.order[1] not in both.recorded
