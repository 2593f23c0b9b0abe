"""The kinds of registries there are, as far as they differ for somebody who registers protobuf."""

from enum import Enum


class Behaviour(Enum):
    """How an in-memory registry answers.

    PLAIN: keeps what it is sent, judges nothing, deletes nothing; the fastest.

    CONFLUENT: as Confluent's registry 8.3.1. It keeps a text of its own: comments are gone and option values have
    commas. A text keeps its custom options. A descriptor becomes text without uses of custom options, with a leading
    dot before type names, and with a map as a repeated message whose entry says `option map_entry = true;`, which no
    compiler takes. A schema is found by that text and by its references in their order, so that neither form finds the
    other. Contexts, modes, levels of subject, context and all, soft deletion. A verdict refuses a number that became
    one of another kind and a message that is gone, and lets the rest pass.

    KARAPACE: as Karapace. It keeps a text of its own too, with the comments of declarations, and with every scalar
    in the value of an option as a string. A descriptor loses all options, every `extend`, and what made its map one.
    Verdicts beside one version alone; POST /compatibility/subjects/{subject}/versions is not there. An empty comment
    on a line of its own is refused, and so is `reserved … to max`; a text that is not ASCII is answered with 500. It
    has one mode, and does not change it.

    APICURIO_2, APICURIO_3_0: as Apicurio Registry 2.6.13 and 3.0.9. They keep what they are sent, and no level until
    one is set. A verdict on text refuses any change of a field; one that needs to read a descriptor is answered with
    500. Modes: 404, or for a subject of 3.0.9 204 without a body.
    """

    PLAIN = "plain"
    CONFLUENT = "confluent"
    KARAPACE = "karapace"
    APICURIO_2 = "apicurio 2"
    APICURIO_3_0 = "apicurio 3.0"
