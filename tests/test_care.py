"""What a turn means for the person: age, crisis, goodbyes, signs of dependence, notices."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest

from guardrail.care import Care, Standing
from guardrail.duties import moment, states
from guardrail.person import Age, Crisis, Doubt, Person
from guardrail.policy.model import (
    Clock,
    CrisisTerms,
    Curfew,
    Dependence,
    Exit,
    Kind,
    Mode,
    Notice,
    Policy,
    Resource,
    Start,
    Threshold,
)
from guardrail.session import Session
from guardrail.turn import (
    Action,
    AgeBand,
    Assessment,
    Danger,
    Decision,
    Detector,
    Evidence,
    Label,
    Level,
    Profile,
    Side,
    Signal,
    State,
)

NOW = 1_700_000_000.0  # 22:13 in UTC
MINUTE, HOUR = 60.0, 3600.0
AT = moment(NOW, "UTC")
NAMES = (*Label, *Detector)
LINE = Resource(
    "US", Kind.CRISIS, ("en",), tuple(AgeBand), {"en": "A line"}, {"en": "call 988"},
    ("988",), "", "https://example.org", "2026-11-21", "high",
)  # fmt: skip
POLICY = Policy(
    name="p",
    revision="r",
    title="t",
    mode=Mode.ENFORCE,
    rules=(),
    thresholds={(n, s, a): Threshold(0.5, 0.8) for n in NAMES for s in Side for a in AgeBand},
    postures={},
    texts={},
    resources=(LINE,),
    default_regions={"en": "US"},
    exit=Exit({"en": ("stop", "end chat"), "zh": ("停止", "不聊了")}),
    dependence=Dependence(),
)


def someone(**fields) -> Person:
    """Somebody who has just come."""
    return replace(Person("u", NOW, NOW, NOW), **fields)


def care(
    policy: Policy = POLICY,
    person: Person | None = None,
    profile: Profile | None = None,
    more: frozenset[State] = frozenset(),
) -> Care:
    """The care of one turn, with the states that hold when it begins."""
    person = person or someone()
    profile = profile or Profile("u", AgeBand.UNKNOWN, "US")
    found = states(policy, profile, person, AT) | more
    session = Session("c", NOW, NOW)
    return Care(
        policy, profile, Standing(session, person, AT, (), found, (), settled=True, shadows=())
    )


def scores(side: Side = Side.USER, /, **found: float) -> Assessment:
    """An assessment with these scores."""
    return Assessment(side, tuple(Signal(name, score, "test") for name, score in found.items()))


def decision(**fields) -> Decision:
    """A decision to support, unless told otherwise."""
    made = Decision("t-0", Side.USER, "crisis", (Action.SUPPORT,), "p@r", text="help")
    return replace(made, **fields)


def danger(level: Danger = Danger.ACTIVE, **fields) -> Decision:
    """A decision that raises the person's crisis state and names help."""
    return decision(**{"danger": level, "resources": True, **fields})


def in_crisis(level: Danger = Danger.ACTIVE, **fields) -> Person:
    """Somebody in the middle of a crisis."""
    crisis = Crisis(level, NOW - HOUR, NOW + HOUR, 1)
    return someone(crisis=replace(crisis, **fields))


# -- age -----------------------------------------------------------------------------------


def test_who_says_to_be_a_child_is_one_from_then_on():
    """In this very turn, and remembered as said in the chat."""
    turn = care()
    turn.heard(scores(minor=0.9), ["i am 14"])
    assert turn.profile.age_band is AgeBand.MINOR
    assert turn.person.age == Age(AgeBand.MINOR, Evidence.STATED, (14, 14), NOW)
    (step,) = turn.take_steps()
    assert step(someone()).age.band is AgeBand.MINOR


def test_a_hint_is_not_enough():
    """A faint finding makes nobody a child."""
    turn = care()
    turn.heard(scores(minor=0.7), ["my homework"])
    assert turn.profile.age_band is AgeBand.UNKNOWN
    assert turn.take_steps() == ()


@pytest.mark.parametrize(
    ("evidence", "band"),
    [
        (Evidence.VERIFIED, AgeBand.ADULT),
        (Evidence.PLATFORM, AgeBand.ADULT),
        (Evidence.STATED, AgeBand.MINOR),
        (Evidence.INFERRED, AgeBand.MINOR),
    ],
)
def test_stronger_evidence_stands(evidence: Evidence, band: AgeBand):
    """A proven adult stays one whatever is said; one who only said so does not."""
    person = someone(age=Age(AgeBand.ADULT, evidence))
    turn = care(person=person, profile=Profile("u", AgeBand.ADULT))
    turn.heard(scores(minor=0.99), ["i am 14"])
    assert turn.profile.age_band is band


@pytest.mark.parametrize(
    ("evidence", "doubtful", "band", "text"),
    [
        (Evidence.PLATFORM, AgeBand.MINOR, AgeBand.MINOR, "im 14"),
        (Evidence.GUARDIAN, AgeBand.MINOR, AgeBand.MINOR, "我今年十四岁"),
        (Evidence.PLATFORM, AgeBand.UNKNOWN, AgeBand.UNKNOWN, "im 14"),
        (Evidence.PLATFORM, AgeBand.ADULT, AgeBand.ADULT, "im 14"),
        (Evidence.VERIFIED, AgeBand.MINOR, AgeBand.ADULT, "im 14"),
    ],
)
def test_an_adult_who_says_to_be_a_child(evidence, doubtful, band, text):
    """Is remembered as doubted, and treated as the policy says, unless a document knows better."""
    person = someone(age=Age(AgeBand.ADULT, evidence))
    policy = replace(POLICY, doubted_age=doubtful)
    turn = care(policy, person=person, profile=Profile("u", AgeBand.ADULT))
    turn.heard(scores(minor=0.9), [text])
    assert turn.profile.age_band is band
    assert turn.person.age == person.age
    assert turn.person.doubt == Doubt((14, 14), NOW)
    assert State.AGE_DOUBT in turn.states


@pytest.mark.parametrize(("score", "text"), [(0.9, "homework again"), (0.7, "im 14")])
def test_a_hint_is_no_doubt(score: float, text: str):
    """It takes years that are said and a model that is sure: adults speak of school, too."""
    turn = care(person=someone(age=Age(AgeBand.ADULT, Evidence.PLATFORM)))
    turn.heard(scores(minor=score), [text])
    assert turn.person.doubt is None
    assert State.AGE_DOUBT not in turn.states


def test_a_case_tells_of_a_doubt_once():
    """It stands in the case, and is no news in the next turn."""
    turn = care(person=someone(age=Age(AgeBand.ADULT, Evidence.PLATFORM)))
    turn.heard(scores(minor=0.9), ["im 14"])
    turn.decided(decision(actions=(Action.ANNOTATE,), states=(State.AGE_DOUBT,)))
    assert turn.person.doubt == Doubt((14, 14), NOW)
    turn.decided(decision(actions=(Action.ESCALATE,), states=(State.AGE_DOUBT,)))
    assert turn.person.doubt == Doubt((14, 14), NOW, noted=True)
    assert State.AGE_DOUBT not in states(POLICY, turn.profile, turn.person, AT)


def test_a_childs_duties_begin_in_the_same_turn():
    """Nights that are kept free for children hold as soon as somebody is one."""
    night = Curfew(18, Clock(22 * 60), Clock(6 * 60))
    asked = frozenset({State.INTIMATE, State.TITLED, State.EXIT, State.LEAVING, State.STOPPED})
    turn = care(replace(POLICY, curfews=(night,)), more=asked)
    assert State.CURFEW not in turn.states
    turn.heard(scores(minor=0.9), ["i am 14"])
    assert {State.CURFEW, *asked} <= turn.states  # what the request itself says stays


def test_a_known_child_is_not_told_anew():
    """Nothing is written where nothing changes."""
    person = someone(age=Age(AgeBand.MINOR, Evidence.PLATFORM, (13, 15)))
    turn = care(person=person, profile=Profile("u", AgeBand.MINOR, years=(13, 15)))
    turn.heard(scores(minor=0.9), ["i am 14"])
    assert turn.take_steps() == ()
    assert turn.profile.years == (13, 15)


# -- goodbyes and questions ----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        " Stop. ",
        "STOP!!",
        "“stop”",
        "end chat",
        "停止",
        "不聊了。",
        "不聊了～",
        "(stop)",
        "um stop please",
        "好了不聊了啊",
    ],
)
def test_a_word_that_ends_the_talk(text: str):
    """Alone in a message, however it is dressed."""
    turn = care()
    turn.heard(scores(), [text])
    assert {State.EXIT, State.LEAVING} <= turn.states


@pytest.mark.parametrize(
    "text", ["", "...", "don't stop", "stop it", "please don't", "不要停止", "stopp"]
)
def test_other_words_do_not(text: str):
    """Within a sentence the words mean something else."""
    turn = care()
    turn.heard(scores(), [text])
    assert State.EXIT not in turn.states


@pytest.mark.parametrize("text", ["um i gotta go bye", "那我先下了啊拜拜"])
def test_a_goodbye_needs_no_model(text: str):
    """As a voice transcript writes it; the bot may still answer."""
    turn = care()
    turn.heard(Assessment(Side.USER, failed="timeout"), [text])
    assert State.LEAVING in turn.states
    assert State.EXIT not in turn.states
    assert State.LEAVING in turn.in_reply("Wait, I will be so alone.")
    assert State.LEAVING not in turn.in_reply("Wait, are you safe right now?")


@pytest.mark.parametrize(
    ("detector", "state"),
    [(Detector.LEAVING, State.LEAVING), (Detector.ASKS_HUMAN, State.ASKED_HUMAN)],
)
def test_what_the_model_hears(detector: Detector, state: State):
    """A goodbye, or the question whether this is a person, from the soft threshold on."""
    heard, missed = care(), care()
    heard.heard(scores(**{detector.value: 0.5}), ["x"])
    missed.heard(scores(**{detector.value: 0.49}), ["x"])
    assert heard.states == {state}
    assert missed.states == frozenset()


# -- dependence ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "score", "signs"),
    [
        (Dependence(), 0.5, 1),
        (Dependence(), 0.49, 0),
        (Dependence(ages=frozenset({AgeBand.MINOR})), 0.9, 0),
        (None, 0.9, 0),
    ],
)
def test_signs_of_dependence_are_counted(terms: Dependence | None, score: float, signs: int):
    """One a turn, on the person's day, where the policy follows their age."""
    turn = care(replace(POLICY, dependence=terms))
    turn.heard(scores(dependence=score), ["only you"])
    assert turn.person.today(AT.day).signs == turn.person.today(AT.day).exclusive == signs
    assert len(turn.take_steps()) == signs


# -- crisis --------------------------------------------------------------------------------


def test_a_decision_raises_the_crisis():
    """For as long as the policy says; and the words that it brought point to help."""
    turn = care(replace(POLICY, crisis=CrisisTerms(hold_hours=48)))
    turn.decided(danger())
    assert turn.person.crisis == Crisis(Danger.ACTIVE, NOW, NOW + 48 * HOUR, 1, pointed=NOW)
    later = reduce(lambda who, step: step(who), turn.take_steps(), someone())
    assert later == turn.person
    assert turn.take_steps() == ()


def test_in_shadow_nothing_is_remembered():
    """What was not done has not happened."""
    turn = care()
    assert turn.decided(danger(enforced=False)) == danger(enforced=False)
    assert turn.take_steps() == ()


@pytest.mark.parametrize(
    ("signs", "text"),
    [(0, "help"), (1, "again"), (2, "once-more"), (3, "once-more"), (9, "once-more")],
)
def test_the_second_time_other_words(signs: int, text: str):
    """Nobody reads the same words twice in a crisis; the last of them serve from then on."""
    person = in_crisis(signs=signs) if signs else someone()
    made = care(person=person).decided(danger(again=("again", "once-more")))
    assert made.text == text


def test_a_crisis_that_is_over_begins_with_the_first_words():
    """What ran out is not counted on."""
    made = care(person=in_crisis(signs=5, until=NOW - 1)).decided(danger(again=("again",)))
    assert made.text == "help"


def test_a_decision_without_danger_changes_no_crisis():
    """Help words beside a spent limit are no sign, but they are help."""
    turn = care(person=in_crisis())
    turn.decided(decision(resources=True, again=("again",)))
    assert turn.person.crisis.signs == 1
    assert turn.person.crisis.pointed == NOW


# -- what an answer in a crisis lacks ------------------------------------------------------


def test_outside_a_crisis_nothing_is_asked_of_an_answer():
    """Neither help nor right numbers."""
    turn = care()
    assert turn.at_end("Nice weather.", None) is None
    assert turn.in_reply("call 116 123") == turn.states


def test_an_answer_that_points_to_no_help_lacks_it():
    """From the state of concern on, until the crisis is over."""
    for level in (Danger.CONCERN, Danger.ACTIVE, Danger.IMMINENT):
        lacks = care(person=in_crisis(level)).at_end("Nice weather.", scores(Side.BOT))
        assert lacks is not None
        assert {State.OMISSION, State.CONCERN} <= lacks
    assert care(person=in_crisis(until=NOW)).at_end("Nice weather.", None) is None


@pytest.mark.parametrize(
    ("text", "protective", "enough"),
    [
        ("Please call 988.", 0.0, True),
        ("Is there somebody you can go to?", 0.5, True),
        ("Is there somebody you can go to?", 0.49, False),
        ("Please call 116 123.", 0.0, False),
        ("", 0.0, False),
    ],
)
def test_what_points_to_help(text: str, protective: float, enough: bool):
    """A line of the person's country, or words that the model takes for protective."""
    turn = care(person=in_crisis())
    assert (turn.at_end(text, scores(Side.BOT, protective=protective)) is None) is enough
    assert turn.person.crisis.pointed == (NOW if enough else 0.0)


@pytest.mark.parametrize(
    ("ago", "covered"), [(0, True), (9.9, True), (10, False), (600, False), (-30, False)]
)
def test_help_covers_what_follows_for_a_while(ago: float, covered: bool):
    """Ten minutes, and not because the clock was set back."""
    turn = care(person=in_crisis(pointed=NOW - ago * MINUTE))
    assert (turn.at_end("Nice weather.", scores(Side.BOT)) is None) is covered


def test_help_in_this_turn_is_enough():
    """Whether it came with the person's words or stands beside the answer."""
    turn = care(replace(POLICY, crisis=CrisisTerms(point_minutes=0)))
    turn.decided(danger(keep_reply=True))
    assert turn.at_end("Nice weather.", scores(Side.BOT)) is None


def test_a_decision_that_says_nothing_is_no_help():
    """A case for a human alone puts no line before the person."""
    turn = care(person=in_crisis())
    turn.decided(decision(actions=(Action.ESCALATE,), text=None, resources=True))
    assert turn.at_end("Nice weather.", scores(Side.BOT)) is not None


def test_a_wrong_number_in_a_crisis():
    """It is a state for the rules, beside all others."""
    turn = care(person=in_crisis())
    assert turn.in_reply("Please call 116 123.") == turn.states | {State.WRONG_NUMBER}
    assert turn.in_reply("Please call 988.") == turn.states


# -- notices -------------------------------------------------------------------------------

NOTICES = (
    Notice("a", "machine", start=Start.SITTING),
    Notice("b", "machine", every_minutes=60),
    Notice("c", "rest", on=frozenset({State.ASKED_HUMAN})),
)


def test_notices_that_are_due():
    """By the clock, and by what was heard in this turn."""
    turn = care(replace(POLICY, notices=NOTICES))
    assert [n.id for n in turn.due()] == ["a"]
    turn.heard(scores(asks_human=0.9), ["are you real?"])
    assert [n.id for n in turn.due()] == ["a", "c"]


def test_what_was_told_is_remembered_for_all_with_the_same_words():
    """Whoever has just read it need not read it again for another reason."""
    turn = care(replace(POLICY, notices=NOTICES))
    turn.told(turn.due())
    assert dict(turn.person.shown) == {"a": NOW, "b": NOW}
    assert turn.due() == ()
    (step,) = turn.take_steps()
    assert step(someone()).shown == {"a": NOW, "b": NOW}


def test_a_notice_has_other_words_in_a_crisis():
    """The same truth; shown once for all with the same words."""
    kind = replace(NOTICES[2], crisis_text="machine-kindly")
    mine = care(replace(POLICY, notices=(kind,)), person=in_crisis())
    mine.heard(scores(asks_human=0.9), ["are you real?"])
    assert [n.text for n in mine.due()] == ["machine-kindly"]
    mine.told(mine.due())
    assert dict(mine.person.shown) == {"c": NOW}


def test_only_what_belongs_there_stands_beside_help():
    """The child learns that a guardian is told; other notices wait."""
    told = Notice("g", "told", on=frozenset({State.GUARDIAN_TOLD}), with_help=True)
    mine = care(replace(POLICY, notices=(*NOTICES, told)), person=someone(guardian_told=NOW - 5))
    mine.states |= {State.GUARDIAN_TOLD}
    assert {n.id for n in mine.due()} == {"a", "g"}
    mine.decided(decision(actions=(Action.SUPPORT,), text="x", resources=True))
    assert [n.id for n in mine.due()] == ["g"]


def test_telling_nothing_writes_nothing():
    """An answer without notices costs no write."""
    turn = care()
    turn.told(())
    assert turn.take_steps() == ()


def test_no_notice_beside_words_for_somebody_in_crisis():
    """They stay due for a later turn."""
    turn = care(replace(POLICY, notices=NOTICES))
    turn.decided(danger())
    assert turn.due() == ()


def test_a_childs_notices_are_due_as_soon_as_it_is_one():
    """The profile that counts is that of this turn."""
    young = Notice("y", "break", start=Start.SITTING, ages=frozenset({AgeBand.MINOR}))
    turn = care(replace(POLICY, notices=(young,)))
    assert turn.due() == ()
    turn.heard(scores(minor=0.9), ["i am 14"])
    assert [n.id for n in turn.due()] == ["y"]


# -- whose it is -----------------------------------------------------------------------------

WORRY, GRIEF, NOVEL = (
    "my friend wants to kill herself",
    "我哥去年自杀走了",
    "in my novel the hero wants to die",
)


BESIDES = f"{WORRY}. the razor is in my lap"


def after(mine: Care, score: float, lines: tuple[str, ...]) -> Care:
    """Someone whose words were judged, with nothing in them that is not understood."""
    assert mine.whose(scores(self_harm=score), lines) == ()
    mine.heard(scores(self_harm=score), lines)
    return mine


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        ((WORRY,), {State.ABOUT_OTHER}),
        ((GRIEF,), {State.BEREAVED}),
        ((NOVEL,), {State.FICTION}),
        ((WORRY, "my sister said she wants to die"), {State.ABOUT_OTHER}),
        ((WORRY, GRIEF), set()),
        ((WORRY, "i can't go on"), set()),
        (("hi", WORRY), set()),
        (("i want to die",), set()),
        ((), set()),
    ],
)
def test_whose_it_is(lines: tuple[str, ...], held: set[State]):
    """Every line that was judged has to say the same; else it may be the person's own."""
    assert after(care(), 0.9, lines).states == held


def test_without_a_finding_it_is_nothing():
    """The model or the lexicon has to have seen something; a little is enough."""
    for score, held in ((0.09, frozenset()), (0.1, {State.ABOUT_OTHER})):
        assert after(care(), score, (WORRY,)).states == held


@pytest.mark.parametrize(
    ("found", "own"),
    [
        (scores(self_harm=0.24), False),
        (scores(self_harm=0.25), True),
        (Assessment(Side.USER, failed="timeout"), True),
        (None, True),
    ],
    ids=["nothing", "half a hint", "failed", "no model"],
)
def test_what_is_said_besides_may_be_their_own(found: Assessment | None, own: bool):
    """The rest of a line about a friend is judged alone, and in doubt it is the person's."""
    mine = care()
    assert mine.whose(scores(self_harm=0.9), (BESIDES,)) == ("the razor is in my lap",)
    assert mine.own(found) is own
    mine.heard(scores(self_harm=0.9), (BESIDES,))
    assert (State.ABOUT_OTHER in mine.states) is not own


SUBJECT = ["they found her on sunday. third year in a row i bake the cake"]


@pytest.mark.parametrize(
    ("found", "held"),
    [
        ({"bereaved": 0.6}, {State.BEREAVED}),
        ({"about_other": 0.6, "bereaved": 0.7}, {State.BEREAVED}),
        ({"fiction": 0.5, "self_harm": 0.49}, {State.FICTION}),
        ({"about_other": 0.49}, set()),
        ({"about_other": 0.79, "self_harm": 0.5}, set()),
        ({"about_other": 0.8, "self_harm": 0.79}, {State.ABOUT_OTHER}),
        ({"bereaved": 0.8, "self_harm": 0.79}, {State.BEREAVED}),
        ({"bereaved": 0.99, "self_harm": 0.8}, set()),
        ({"fiction": 0.99, "self_harm": 0.5}, set()),
    ],
)
def test_the_model_understands_whose_it_is(found: dict[str, float], held: set[State]):
    """The likeliest subject counts; beside self-harm only a plain one does, and no story."""
    mine = care()
    mine.heard(scores(**found), SUBJECT)
    assert mine.states == held


def test_who_follows_the_dead_is_in_danger():
    """A plan beside a loss is the person's own; beside worry it may be the other's."""
    for name, held in (("bereaved", set()), ("about_other", {State.ABOUT_OTHER})):
        mine = care()
        hint = Signal(Label.SELF_HARM, 0.6, "test", level=Level.PLAN)
        seen = Assessment(Side.USER, (hint, Signal(name, 0.99, "test")))
        mine.heard(seen, SUBJECT)
        assert mine.states == held


def test_a_subject_in_an_open_crisis_or_after_help():
    """In a crisis it is the person's own; where help was named a moment ago that is known."""
    mine = care(person=in_crisis())
    mine.heard(scores(bereaved=0.9), SUBJECT)
    assert State.BEREAVED not in mine.states
    mine = care(person=someone(crisis=Crisis(pointed=NOW)))
    mine.heard(scores(bereaved=0.9), SUBJECT)
    assert mine.states == {State.BEREAVED, State.HELPED}


def test_an_open_crisis_is_the_persons_own():
    """Whoever the next line is about."""
    mine = after(care(person=in_crisis()), 0.9, (WORRY,))
    assert State.ABOUT_OTHER not in mine.states


@pytest.mark.parametrize(("ago", "helped"), [(0.0, True), (9.9, True), (10.1, False)])
def test_help_was_named_a_moment_ago(ago: float, helped: bool):
    """Then the same words would be noise."""
    person = someone(crisis=Crisis(pointed=NOW - ago * MINUTE))
    mine = after(care(person=person), 0.9, (WORRY,))
    assert (State.HELPED in mine.states) is helped


def test_the_last_line_ends_the_talk_and_tells_the_age():
    """What was said before it does neither again."""
    mine = care()
    mine.heard(scores(minor=0.9), ("stop", "im 13"))
    assert State.EXIT not in mine.states
    assert mine.profile.years == (13, 13)
