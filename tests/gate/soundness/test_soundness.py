"""Soundness by experiment: of thousands of random changes, none that the gate lets pass corrupts a message.

Every run tries other changes: a fixed seed would only ever show that the same ones still pass. The seed is printed, and
SOUNDNESS_SEED repeats a run.
"""

import os
from collections import Counter
from random import Random, SystemRandom

from google.protobuf import text_format
from hypothesis import given, note, seed, settings
from hypothesis.strategies import randoms

from pragma_contracts.governance.finding import Level
from pragma_contracts.governance.gate.diff import diff
from tests.gate.soundness.exchange import corruption
from tests.gate.soundness.mutations import MUTATIONS, mutated
from tests.gate.soundness.schemas import FILE, Files, Side, schema

SEED = int(os.environ.get("SOUNDNESS_SEED", SystemRandom().randrange(1 << 32)))
SCHEMAS = 250
CHANGES = 12
MESSAGES = 3
# What does nothing to a message by itself, or too rarely for every run to see it.
HARMLESS = {
    *("reserve", "unreserve", "add message", "change packed", "change json_name"),
    *("add field", "add value", "remove value"),
}
# Rules without which something harmful would have passed, in every run.
NEEDED = {
    *("FIELD_SAME_TYPE", "FIELD_SAME_NAME", "FIELD_SAME_NUMBER", "FIELD_SAME_ONEOF", "FIELD_SAME_CARDINALITY"),
    *("FIELD_SAME_REQUIRED", "CONTRACT_SAME_INDEX", "CONTRACT_SAME_KEY", "MESSAGE_SAME_MEANING"),
}


def test_no_change_that_passes_corrupts_a_message() -> None:
    print(f"SOUNDNESS_SEED={SEED}")  # noqa: T201
    counts: Counter[str] = Counter()
    corrupting: Counter[str] = Counter()
    alone: Counter[str] = Counter()

    @seed(SEED)
    @settings(max_examples=SCHEMAS, deadline=None, database=None)
    @given(randoms(use_true_random=False))
    def experiment(chosen: Random) -> None:
        # hypothesis records every draw, which for a whole schema takes longer than the experiment.
        random = Random(chosen.getrandbits(64))
        files = schema(random)
        old = Side(files)
        for _ in range(CHANGES):
            after, names = mutated(random, files)
            try:
                new = Side(after)
            except TypeError:
                counts["invalid"] += 1
                continue
            # Without buf's second pair of eyes, and without versions, which say nothing of data.
            found = diff(old.schemas, new.schemas)
            rules = {finding.rule for finding in found if finding.level is Level.BREAKING}
            harm = _harm(random, old, new)
            counts["refused" if rules else "passed"] += 1
            if harm:
                counts["corrupting"] += 1
                corrupting.update(names if len(names) == 1 else ())
                alone.update(rules if len(rules) == 1 else ())
            if harm and not rules:
                note(f"{names}: {harm}\n--- old\n{_shown(files)}\n--- new\n{_shown(after)}")
            assert rules or not harm

    experiment()
    print(counts, corrupting, alone, sep="\n")  # noqa: T201
    # The experiment is able to fail: enough changes pass, every harmful kind was seen to do harm, and it would have
    # failed without one of the needed rules.
    assert counts["passed"] > 200
    assert counts["corrupting"] > 200
    assert corrupting.keys() >= MUTATIONS.keys() - HARMLESS
    assert alone.keys() >= NEEDED


def _harm(random: Random, old: Side, new: Side) -> str:
    for _ in range(MESSAGES):
        for writer, reader in (old, new), (new, old):
            if harm := corruption(random, writer, reader):
                return f"{'old' if writer is old else 'new'} writes: {harm}"
    return ""


def _shown(files: Files) -> str:
    return text_format.MessageToString(files[FILE])
