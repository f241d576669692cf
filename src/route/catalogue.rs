//! The kinds of issues that routing reports about a message.
//!
//! Promises: every reason to refuse has its own id. Never: holds an identifier that a message named.

use crate::message::kinds;

kinds! {
    NO_RECEIVER "route-no-receiver" Required Error
        "the message names no receiver"
        "A message names the organisation it is for by an identifier that the intake description of its \
         format knows."
    UNKNOWN_RECEIVER "route-unknown-receiver" NotFound Error
        "nobody here has the receiver's identifiers"
        "The receiver's identifiers belong to no party and to no organisation of the directory that is \
         valid today and belongs to a party, or they belong to different parties."
    NO_EVENT "route-no-event" Required Error
        "the message does not say what happened"
        "FHIR messages say it in MessageHeader.event, letters by their type code."
    UNKNOWN_EVENT "route-unknown-event" NotSupported Error
        "no route takes messages of this event"
        "No route of this configuration is for this event, whoever sends it and whoever it is for."
    NOT_SUPPORTED "route-not-supported" NotSupported Error
        "the receiver does not take messages of this event and version"
        "There are routes for the event, but none that leads to this receiver in this version."
    NOT_ALLOWED "route-not-allowed" Forbidden Error
        "the sender may not send messages of this event to this receiver"
        "There are routes for the event to this receiver, but none from this sender."
    NO_CONDITION "route-no-condition" NotSupported Error
        "no route to this receiver takes a message with this content"
        "There are routes for the sender, receiver and event, but the conditions of all of them are false."
    TEST_MESSAGE "route-test-message" BusinessRule Error
        "a test message was sent to an engine in production"
        "The message is marked as a test. Send it to a trial installation."
    NOT_EVALUABLE "route-condition-not-evaluable" Exception Information
        "the condition of the route {0} could not be evaluated, and counts as false"
        "A condition that meets content it was not written for. Look at the condition."
}
