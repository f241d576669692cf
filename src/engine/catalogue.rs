//! The kinds of issues that the engine itself reports about a message.

use crate::message::kinds;

kinds! {
    EMPTY "message-empty" Structure Error
        "the body is empty"
        "Nothing was sent: the body has no bytes. A message has at least a root. Check the \
         sending system's request."
    NO_MESSAGE_ID "message-no-id" Required Error
        "the message has no id"
        "MessageHeader.id in FHIR messaging, the letter's identifier in letters: the id that a receipt \
         quotes. Without it nothing can be answered or recognised again."
    NO_SENDER "message-no-sender" Required Error
        "the message names no sender by an identifier"
        "MessageHeader.sender refers to an organisation with a SOR code or a location number; letters name \
         their sender by location number."
    NO_ENVELOPE_ID "message-no-envelope-id" Required Error
        "the sending has no id"
        "Bundle.id in FHIR messaging, the envelope's identifier in letters: new with every sending."
    ENVELOPE_SEEN "message-envelope-seen" Duplicate Error
        "the id of this sending came before, with another message"
        "Bundle.id (the envelope's identifier in letters) is new with every sending. A message under an \
         envelope id that was used for another message is refused."
    SEEN "message-seen" Duplicate Information
        "this message came before; its verdict is repeated"
        "The message id is known from an earlier sending of the same party. Nothing was delivered again."
    OTHER_CONTENT "message-other-content" Duplicate Information
        "this message id came before with other content; the first verdict stands"
        "A message id names one content for ever. What differs under a known id is never delivered."
    TOO_NEW "message-too-new" BusinessRule Error
        "the message is dated more than five minutes from now"
        "Bundle.timestamp (the sending's date and time in letters) lies in the future. Check the clock."
    TOO_OLD "message-too-old" BusinessRule Error
        "the message is older than the route allows"
        "The route has a `max_age`, and the message was sent before that."
    NOT_IDENTIFIED "message-no-format" NotSupported Error
        "no intake description knows this kind of message"
        "The root element or resource is not one that this engine's intake descriptions read."
    SEVERAL_LETTERS "message-several-letters" NotSupported Error
        "the transmission holds several messages"
        "Where an engine takes messages in, each of them gets its own verdict and receipt. This one could not be told \
         apart from the others byte for byte, or was given to a tool that takes one: send it by itself."
    ID_TWICE "message-id-twice" Duplicate Error
        "two messages of this transmission have the same id"
        "Each message of an interchange or envelope has an id of its own (UNH 0062 in EDIFACT): the one that its \
         receipt quotes. Nothing of the transmission was taken."
    ENVELOPE_INCOMPLETE "envelope-incomplete" Required Error
        "the envelope lacks an id, an address, or what it carries"
        "An envelope of a network names its sender and receiver by location number, has an id of its own, and carries one \
         message or one receipt."
    ENVELOPE_DATA "envelope-data" Structure Error
        "what the envelope carries is empty or is not base64"
        "The message in an envelope of a network is base64 of its very bytes."
    UNKNOWN_VERSION "message-unknown-version" NotSupported Error
        "the message is of a version that is not known here"
        "MSH-12 in HL7 v2, the message type of UNH in EDIFACT, MIGversion and the version code in XML: the intake \
         description of the format says which versions are known (`known_version`)."
    NOT_EXPRESSIBLE "message-not-expressible" BusinessRule Error
        "the message cannot be expressed for its receiver"
        "The receiver takes another format, and the map to it found something that it needs and the message \
         does not have. The other issues say what."
    NO_EARLIER "message-no-earlier" NotFound Error
        "the earlier message ({0}) that this one builds on has not come"
        "The receiver's format needs what an earlier message of the same conversation said, and the engine \
         has not accepted one from this party. Send the earlier message first; a route may say \
         `missing_earlier = \"go-on\"`."
    RECEIVER_REFUSED "message-receiver-refused" Processing Error
        "the receiver has refused the message"
        "The final receiver's own receipt says so; what it found stands in that receipt, which the engine keeps. \
         Sending the message again unchanged does not help."
    UNANSWERED "message-unanswered" Timeout Error
        "the receiver has not answered in time"
        "The message was handed over, or could not be, and no receipt of its receiver has come within the time that \
         its route allows. Nobody knows whether it was read: reach the receiver in another way."
    NOT_CHECKED_REFUSED "message-not-checked" Incomplete Error
        "{0} checks could not be made, and this engine refuses what it cannot check"
        "The configuration says `not_checked = \"refuse\"`. Load the packages that are missing."
}
