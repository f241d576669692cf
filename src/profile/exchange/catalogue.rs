// size: the catalogue of the exchange rules' issue kinds
//! Every kind of issue that an exchange rule can raise.
//!
//! Never: an element's value in a text.

use crate::message::kinds;

kinds! {
    NOT_BUNDLE "exchange-not-bundle" Structure Error
        "a message is a Bundle"
        "FHIR messages are Bundles of type message whose first entry is a MessageHeader."
    NOT_MESSAGE "exchange-not-message" Value Error
        "Bundle.type must be message"
        "Bundles of other types (document, collection, searchset and so on) are not exchanged as \
         messages. Set the type to message."
    FIRST_ENTRY "exchange-first-entry" Required Error
        "the first entry must be a MessageHeader"
        "Whatever else is in the Bundle, the MessageHeader comes first."
    TWO_HEADERS "exchange-two-headers" Required Error
        "a message has one MessageHeader"
        "Earlier messages are named by Provenance.target, not carried along."
    ENVELOPE_ID "exchange-envelope-id" Required Error
        "Bundle.id is missing"
        "Bundle.id names this sending, and is new whenever a message is sent, even when the \
         message is the same as before."
    MESSAGE_ID "exchange-message-id" Required Error
        "MessageHeader.id is missing"
        "MessageHeader.id names the message for good: the receipt quotes it, and it stays the \
         same when the message is sent again."
    NOT_UUID "exchange-not-uuid" Value Warning
        "{0} is not a UUID"
        "Any FHIR id is accepted; a UUID is what keeps ids of different senders apart."
    EVENT "exchange-event" NotSupported Error
        "the event is not among those of its code system that are known here"
        "Check MessageHeader.event, or extend the list of events in the exchange rules."
    SENDER "exchange-sender" Required Error
        "the sender has no identifier"
        "MessageHeader.sender leads to an Organization in the message with an identifier."
    RECEIVER "exchange-receiver" Required Error
        "the receiver has no identifier"
        "Each MessageHeader.destination.receiver leads to an Organization in the message with an identifier."
    UNREACHABLE "exchange-unreachable" Structure Error
        "no reference leads to this entry, and none leads from it to what is reached"
        "Every entry hangs together with the MessageHeader, forward or backward. Only earlier Provenances \
         may stand apart."
    UNRESOLVED "exchange-unresolved" NotFound Error
        "the reference leads to nothing in the message"
        "What a message refers to is in it, except where Provenance names earlier messages."
    CYCLE "exchange-cycle" Structure Error
        "the resource is, by {0}, its own ancestor"
        "A hierarchy has a top: following the reference from resource to resource must end. Break \
         the circle."
    DUPLICATE "exchange-duplicate-entry" Duplicate Error
        "two entries have the same fullUrl"
        "A reference to that fullUrl would lead to two resources. Give each entry a fullUrl of \
         its own, or send the resource once."
    TIMESTAMP "exchange-timestamp" Required Error
        "Bundle.timestamp is missing"
        "Bundle.timestamp says when the message was assembled; age and order of messages are \
         judged by it. Add it."
    ZONE "exchange-zone" Value Error
        "{0} has no time with a zone"
        "Times of exchange are moments: with hours, minutes, seconds and a zone."
    FUTURE "exchange-future" BusinessRule Error
        "{0} lies in the future"
        "A few minutes are allowed for clocks that differ. Check the sender's clock and its zone."
    NEWEST "exchange-newest-provenance" Structure Error
        "no newest Provenance targets the MessageHeader"
        "The chain of Provenances ends with the one of this message: none is later than it."
    TWO_PATIENTS "exchange-two-patients" MultipleMatches Error
        "a message is about one patient"
        "The message holds more than one Patient, and this kind of message is about one. Send a \
         message for each patient."
    NO_PATIENT "exchange-no-patient" Required Error
        "the message has no Patient"
        "This kind of message is about one patient, and none is among its entries. Add the \
         Patient that the message is about."
    NO_CITIZEN "exchange-no-citizen" Required Error
        "the patient has no identifier"
        "This kind of message identifies its patient by the citizen's number."
    OTHER_CITIZEN "exchange-other-citizen" Value Error
        "none of the patient's identifiers is of the system of citizens' numbers"
        "This kind of message identifies its patient by the citizen's number, not by a number of another \
         system."
    CITIZEN "exchange-citizen-number" Value Error
        "not a citizen's number: ten digits, of which the first six are a day, a month and a year"
        "No check digit is asked for: numbers without one have been given out since 2007."
    PRIMARY "exchange-primary-receiver" Required Error
        "one destination must be the primary one, {0} are"
        "One Bundle is made for each receiver; copies say that they are copies."
    STAY "exchange-stay" BusinessRule Error
        "activity, Encounter.class and Encounter.status do not fit together"
        "The kind of notification decides class and status; see the table in the exchange rules. After a \
         death the activity stays and the stay is finished."
    STAY_ACTIVITY "exchange-stay-activity" BusinessRule Error
        "the newest Provenance's activity is none of a stay at a hospital"
        "The activity says what happened: admission, leave, discharge, their revisions and cancellations."
    REPLY "exchange-reply" Required Error
        "a reply or forward quotes the identifier of what it answers"
        "Communication.identifier names the conversation and stays the same in replies."
    SEGMENT_ORDER "exchange-segment-order" BusinessRule Error
        "the payload is older than the one before it"
        "Payloads stand in the order of their times, the oldest first. Sort them before sending."
}
