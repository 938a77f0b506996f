"""Tests of the rules over a whole game: each broken by a recipe file and told at its line."""

import pytest

from ganforge.language import rules

UNREACHED = "player 'G' trains 'G', but its loss never passes through 'G' (it reaches D)."
TWICE = "tell them apart with .named(...)"
D_LOSS = "adv.discriminator(real=D(real), fake=D(fake))"
END = "batch_size=2, length=gf.steps(10)"

# The rule; the lines of the toy recipe that are replaced; the problems: line, message, hint.
CASES = {
    "two players of one name": (
        "_unique_names",
        {11: 'g = gf.Player("D", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam)'},
        [(11, "the game has 2 players called 'D'.", "")],
    ),
    "two phases of one name": (
        "_unique_names",
        {12: 'return gf.Game(*[gf.Phase("one", p, length=gf.steps(5)) for p in (d, g)], batch_size=2)'},
        [(12, "the game has 2 phases called 'one'.", "")],
    ),
    "two networks of one name": (
        "_unique_networks",
        {7: 'G = Gen("G"); D = Critic("G")'},
        [(7, "two networks are called 'G'; the other is at recipe.py:7.", "")],
    ),
    "two equal networks of one name": (
        "_unique_networks",
        {12: f'other = Gen("G")(z); return gf.Game(d, g, {END}, samples=other)'},
        [(12, "two networks are called 'G'; the other is at recipe.py:7.", "")],
    ),
    "two averages": (
        "_unique_averages",
        {12: f'return gf.Game(d, g, {END}, samples={{"a": gf.ema(G)(z), "b": gf.ema(G)(z)}})'},
        [(12, "network 'G' has two averages; a game keeps one.", "")],
    ),
    "two terms of one label": (
        "_unique_labels",
        {
            9: "adam = Adam(); one = l1(fake, real)",
            11: 'g = gf.Player("G", trains=G, minimizes=one + 2 * l1(real, fake), optimizer=adam)',
        },
        [(11, "player 'G' has two loss terms called 'l1'; the other is at line 9.", TWICE)],
    ),
    "one term added to itself": (
        "_unique_labels",
        {
            9: "adam = Adam(); one = l1(fake, real)",
            11: 'g = gf.Player("G", trains=G, minimizes=one + one, optimizer=adam)',
        },
        [(9, "player 'G' has two loss terms called 'l1'; the other is at line 9.", TWICE)],
    ),
    "a trained network out of reach": (
        "_trained_is_reached",
        {11: 'g = gf.Player("G", trains=G, minimizes=adv.generator(fake=D(real)), optimizer=adam)'},
        [(11, UNREACHED, "")],
    ),
    "a trained network behind a pool": (
        "_trained_is_reached",
        {11: 'g = gf.Player("G", trains=G, minimizes=l1(gf.image_pool(fake, size=3), real), optimizer=adam)'},
        [(11, UNREACHED.replace("reaches D", "reaches no network"), "")],
    ),
    "a twin of the trained network in reach": (
        "_trained_is_reached",
        {
            7: 'G, D = Gen("G"), Critic("D"); twin = Gen("G", frozen=True)',
            11: 'g = gf.Player("G", trains=G, minimizes=adv.generator(fake=D(twin(z))), optimizer=adam)',
        },
        [
            (7, "two networks are called 'G'; the other is at recipe.py:7.", ""),
            (11, UNREACHED.replace("reaches D", "reaches G, D"), ""),
        ],
    ),
    "an average that is trained": (
        "_trained_is_reached",
        {11: 'g = gf.Player("G", trains=gf.ema(G), minimizes=adv.generator(fake=D(fake)), optimizer=adam)'},
        [(11, "player 'G' trains an average; train 'G' itself.", "")],
    ),
    "a network listed twice": (
        "_trained_twice_in_a_player",
        {11: 'g = gf.Player("G", trains=[G, G], minimizes=adv.generator(fake=D(fake)), optimizer=adam)'},
        [(11, "player 'G' lists network 'G' 2 times.", "")],
    ),
    "a network nobody trains": (
        "_every_network_is_trained",
        {12: f"return gf.Game(d, {END})"},
        [(7, "no player trains network 'G'.", "let a player train it, or say Gen('G', …, frozen=True)")],
    ),
    "a sample of an untrained network": (
        "_every_network_is_trained",
        {12: f'other = Gen("H")(z); return gf.Game(d, g, {END}, samples=other)'},
        [(12, "no player trains network 'H'.", "let a player train it, or say Gen('H', …, frozen=True)")],
    ),
    "a frozen network that is trained": (
        "_every_network_is_trained",
        {7: 'G, D = Gen("G", frozen=True), Critic("D")'},
        [(7, "network 'G' is frozen, but a player trains it.", "")],
    ),
    "a gradient point that is not upstream": (
        "_gradient_points_are_upstream",
        {10: f'd = gf.Player("D", trains=D, minimizes={D_LOSS} + penalty(D(fake), wrt=real), optimizer=adam)'},
        [(10, "penalty differentiates with respect to images (1, 8, 8), which is not upstream of its scores.", "")],
    ),
    "a gradient point behind a pool": (
        "_gradient_points_are_upstream",
        {
            8: "fake = G(z); pooled = gf.image_pool(fake, size=2)",
            10: f'd = gf.Player("D", trains=D, minimizes={D_LOSS} + penalty(D(pooled), wrt=fake), optimizer=adam)',
        },
        [(10, "penalty differentiates with respect to G(…) (1, 8, 8), which is not upstream of its scores.", "")],
    ),
    "a gradient point that is another output": (
        "_gradient_points_are_upstream",
        {
            6: "(seen, real), z = Pairs().batch(), gf.noise(4)",
            7: 'G, D = Gen("G", shape=(3, 8, 8)), Critic("D")',
            10: f'd = gf.Player("D", trains=D, minimizes={D_LOSS} + penalty(D(real), wrt=seen), optimizer=adam)',
        },
        [(10, "penalty differentiates with respect to pairs (1, 8, 8), which is not upstream of its scores.", "")],
    ),
    "a gradient point of whole numbers": (
        "_gradient_points_are_upstream",
        {
            6: "y, z, real = gf.random_labels(3), gf.noise(4), data.batch().images",
            8: "fake = G(z, y)",
            10: f'd = gf.Player("D", trains=D, minimizes={D_LOSS} + penalty(D(fake), wrt=y), optimizer=adam)',
        },
        [(10, "penalty differentiates with respect to random labels (), which holds whole numbers.", "")],
    ),
    "images of two sizes": (
        "_inputs_fit",
        {7: 'G = Gen("G", shape=(1, 4, 4)); D = Critic("D")'},
        [
            (10, "network 'D' takes (1, 8, 8) at recipe.py:10, but (1, 4, 4) here.", ""),
            (11, "network 'D' takes (1, 8, 8) at recipe.py:10, but (1, 4, 4) here.", ""),
        ],
    ),
    "more inputs than before": (
        "_inputs_fit",
        {12: f"return gf.Game(d, g, {END}, samples=G(z, z))"},
        [(12, "network 'G' takes (4,) at recipe.py:8, but (4,) and (4,) here.", "")],
    ),
    "other channels for a network of any size": (
        "_inputs_fit",
        {
            7: 'G = Translator("G"); D = Critic("D"); small = gf.noise(1, 4, 4)',
            8: "fake = G(real)",
            12: f'return gf.Game(d, g, {END}, samples={{"a": G(small), "b": G(gf.noise(3, 8, 8))}})',
        },
        [(12, "network 'G' takes (1, 8, 8) at recipe.py:8, but (3, 8, 8) here.", "")],
    ),
    "epochs without data": (
        "_epochs_need_data",
        {6: "real, z = gf.noise(1, 8, 8), gf.noise(4)", 12: "return gf.Game(d, g, batch_size=2, length=gf.epochs(3))"},
        [(12, "phase 'train' lasts 3 epochs, but its players draw no data.", "give its length in gf.steps(...)")],
    ),
    "a schedule in epochs without data": (
        "_epochs_need_data",
        {
            6: "real, z, until = gf.noise(1, 8, 8), gf.noise(4), gf.epochs(2)",
            9: "adam, fast = Adam(lr=WarmUp(to=2 * Ramp(until=until))), Adam(lr=Pieces(ends=(until,)))",
            11: 'g = gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=fast)',
            12: f"return gf.Game(d, g, {END}, samples=gf.ema(G, decay=Ramp(until=until))(z))",
        },
        [
            (10, "player 'D' has a schedule in epochs, but the players of its phase draw no data.", ""),
            (11, "player 'G' has a schedule in epochs, but the players of its phase draw no data.", ""),
            (12, "the average of 'G' has a schedule in epochs, but the game draws no data.", ""),
        ],
    ),
    "a watched loss that takes a gradient": (
        "_watched_losses_need_no_gradient",
        {12: f'return gf.Game(d, g, {END}, monitors={{"m": penalty(D(real), wrt=real)}})'},
        [
            (
                12,
                "monitor 'm' reads 'penalty', which no player computes and which takes a gradient; "
                "monitors are evaluated without gradients.",
                "",
            )
        ],
    ),
    "a monitored feedback of a loss that nobody computes": (
        "_readings_are_measured",
        {12: f'return gf.Game(d, g, {END}, monitors={{"m": gf.integral(l1(fake, real), gain=1.0)}})'},
        [(12, "monitor 'm' reads the loss 'l1', which no player computes.", "")],
    ),
    "a feedback of a loss that nobody computes": (
        "_readings_are_measured",
        {
            9: "adam, k = Adam(), gf.integral(l1(fake, real), gain=0.1)",
            11: 'g = gf.Player("G", trains=G, minimizes=k * adv.generator(fake=D(fake)), optimizer=adam)',
            12: f"return gf.Game(d, g, {END}, samples=gf.ema(G, decay=k)(z))",
        },
        [(9, "a feedback reads the loss 'l1', which no player computes.", "")],
    ),
    "a sample through a scheduled operation": (
        "_drawn_signals_stand_still",
        {
            9: "adam, moved = Adam(), gf.op(lambda image, by: image + by)(fake, by=Ramp())",
            12: f'return gf.Game(d, g, {END}, samples={{"moved": moved}}, monitors={{"m": l1(moved, real)}})',
        },
        [
            (9, "sample 'moved' passes through '<lambda>', whose 'by' changes while the game is played.", ""),
            (9, "monitor 'm' passes through '<lambda>', whose 'by' changes while the game is played.", ""),
        ],
    ),
    "an average that never moves": (
        "_averages_are_updated",
        {12: f'still = gf.ema(Gen("H", frozen=True)); return gf.Game(d, g, {END}, samples=still(z))'},
        [(12, "no player trains 'H', so its average never moves.", "")],
    ),
    "a shared pass in several turns": (
        "_shared_passes_reach",
        {
            8: "fake = gf.per_step(G(z))",
            11: 'g = gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam, updates=2)',
        },
        [
            (
                11,
                "player 'G' takes several turns a step but reaches 'G' only through gf.per_step(...), "
                "whose graph is gone after the first turn.",
                "",
            )
        ],
    ),
    "a shared pass in a schedule of turns": (
        "_shared_passes_reach",
        {
            8: "fake = gf.per_step(G(z)); pooled = gf.image_pool(G(z), size=3)",
            10: "d = gf.Player('D', trains=D, minimizes=adv.generator(fake=D(pooled)), optimizer=adam)",
            11: 'g = gf.Player("G", trains=G, minimizes=l1(fake, pooled), optimizer=adam, updates=Ramp())',
        },
        [
            (
                11,
                "player 'G' takes several turns a step but reaches 'G' only through gf.per_step(...), "
                "whose graph is gone after the first turn.",
                "",
            )
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_told_at_its_line(case, problems):
    _, lines, expected = CASES[case]
    assert problems(lines=lines) == expected


def test_every_rule_is_broken_by_some_recipe():
    assert {rule for rule, _, _ in CASES.values()} == {rule.__name__ for rule in rules._RULES}
    assert len(rules._RULES) >= 13


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {12: f"return gf.Game(d, g, {END}, samples=gf.ema(G)(z), monitors={{'d': d.minimizes, 's': Ramp()}})"},
        {8: "fake = gf.per_step(G(z))"},
        {8: "fake = gf.sampling(G(z), mode='train')"},
        {10: f'd = gf.Player("D", trains=D, minimizes={D_LOSS} + penalty(D(real), wrt=real), optimizer=adam,'
              ' updates=5)'},
        {12: f'still = Gen("H", frozen=True); return gf.Game(d, g, {END}, samples=still(z))'},
        {
            7: 'G = Translator("G"); D = Critic("D")',
            8: "fake = G(real)",
            12: f"return gf.Game(d, g, {END}, samples=G(gf.noise(1, 16, 16)))",
        },
        {12: "return gf.Game(d, g, batch_size=2, length=gf.epochs(2), samples=fake)"},
        {12: 'return gf.Game(gf.Phase("a", d, g, length=gf.steps(5)), '
              'gf.Phase("b", e, length=gf.kimg(1)), batch_size=2)',
         11: 'g, e = [gf.Player(n, trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam) for n in "GE"]'},
    ],
)  # fmt: skip
def test_a_game_that_keeps_the_rules_is_read(lines, read):
    game = read(lines=lines)
    assert [player.name for player in game.players][:2] == ["D", "G"]


def test_all_problems_are_told_at_once_ordered_by_line(problems):
    lines = {
        6: "real, z = data.batch().images, gf.noise(0)",
        7: 'G, D = Gen("1G"), Critic("D", widht=3)',
        9: "adam = Adam(lr=-lr, betas=0.5)",
        11: 'g = gf.Player("G", trains=G, minimizes=adv.generator(fake=D(real)), optimizer=adam, updates=0)',
        12: 'return gf.Game(d, g, batch_size=0, samples={"a/b": fake})',
    }
    assert [(line, message.split(";")[0]) for line, message, _ in problems(lines=lines)] == [
        (6, "noise takes whole sizes of one or more, such as gf.noise(100)"),
        (7, "a network's name is a letter, then letters, digits or '_'"),
        (7, "critic has no parameter 'widht'. It takes: name, weights, frozen."),
        (9, "adam: 'lr' must be > 0: -0.001."),
        (9, "adam: 'betas' must be (a number or a schedule, a number or a schedule)"),
        (11, "player 'G' takes a whole number of turns a step, one or more"),
        (11, "player 'G' trains '1G', but its loss never passes through '1G' (it reaches D)."),
        (12, "batch_size is a whole number, one or more"),
        (12, "a game of players needs a length."),
        (12, "a sample's name is a letter, then letters, digits, '_' or '-'"),
    ]


def test_the_message_begins_with_file_and_line_and_the_line_itself(read):
    from ganforge.errors import RecipeError

    with pytest.raises(RecipeError) as caught:
        read(lines={11: "g = gf.Player('G', trains=G, minimizes=l1(fake, real) + l1(D(fake), z), optimizer=adam)"})
    assert str(caught.value) == (
        "recipe.py:11\n"
        "    g = gf.Player('G', trains=G, minimizes=l1(fake, real) + l1(D(fake), z), optimizer=adam)\n"
        "l1 compares signals of one shape; a is (1,), b is (4,).\n"
        "\n"
        "recipe.py:11\n"
        "    g = gf.Player('G', trains=G, minimizes=l1(fake, real) + l1(D(fake), z), optimizer=adam)\n"
        "player 'G' has two loss terms called 'l1'; the other is at line 11.\n"
        "hint: tell them apart with .named(...)"
    )


def test_a_problem_is_told_once_however_many_rules_meet_it():
    from ganforge_toys import Adam, Critic, Gen, Plain, play

    import ganforge as gf
    from ganforge.errors import RecipeError

    one, two = Gen("G"), Gen("G")
    loss = Plain().generator(fake=Critic("D", frozen=True)(one(two(gf.noise(4)))))
    with pytest.raises(RecipeError) as caught:
        play(gf.Player("P", trains=[one, two], minimizes=loss, optimizer=Adam()))
    told = [problem.message for problem in caught.value.problems]
    assert len(told) == len(set(told)) and sum("two networks are called 'G'" in text for text in told) == 1
