//! What a run can say about a message.
//!
//! Promises: every text names the map's file and line; none holds an element's value.

use crate::message::kinds;

kinds! {
    CHECK_FAILED = "map-check-failed", BusinessRule, Error,
        "the map's check at {0} failed",
        "The map says that this must hold for it to translate the element. See the `check` at the place named.";
    CARDINALITY = "map-source-cardinality", Structure, Error,
        "the map expects {1} of this element, at {0}",
        "The message has more or fewer of an element than the map says it can translate.";
    ONLY_ONE = "map-only-one", Structure, Error,
        "the map at {0} expects one element, and there are several",
        "The rule has the list mode `only_one`. The message has more, and the map does not choose among them.";
    NOT_EVALUABLE = "map-not-evaluable", Processing, Error,
        "an expression at {0} has no value for this element: {1}",
        "The expression cannot be applied to what the message holds, or needs something that is not at hand.";
    NO_SEARCH = "map-no-search", NotSupported, Error,
        "the map at {0} searches for resources, and there is nothing to search in",
        "An engine that takes messages on holds no resources. What a message does not say itself comes from a \
         directory, from an earlier message or from the route's parameters.";
    NO_TRANSLATION = "map-no-translation", CodeInvalid, Error,
        "the code has no translation in {1}, asked for at {0}",
        "Add the code to the concept map, or say in the map what to do without a translation.";
    NO_CONCEPT_MAP = "map-no-concept-map", NotFound, Error,
        "the concept map {1} is not at hand, asked for at {0}",
        "The route must name this concept map, or a package must hold it.";
    NOT_IN_DIRECTORY = "map-not-in-directory", NotFound, Error,
        "{1} has no answer for this value, asked for at {0}",
        "The directory does not know the identifier, or not the kind that the map wants of it. Check the directory's file.";
    NO_PARAMETER = "map-no-parameter", Required, Error,
        "the route gives no `{1}`, which the map needs at {0}",
        "The map declares this parameter; the route must give it a value.";
    DEFAULT_USED = "map-default-used", Informational, Information,
        "the route's `{1}` stands for what the message does not say, at {0}",
        "The receiver's format requires a value that the sender's message lacks. The route declares which.";
    CONVERSION = "map-conversion", Value, Error,
        "the value is no {1}, which the map at {0} makes of it",
        "The text of the element cannot be a value of the type that the target element has.";
    NOT_A_TYPE = "map-wrong-type", Structure, Error,
        "the map at {0} cannot make {1} of this element",
        "The source element has a type that the target element cannot take.";
    UNKNOWN_SOURCE = "map-unknown-source", Structure, Error,
        "the message is no {1}, and the map {0} translates nothing else",
        "The route hands the map a message of another model than the map is for, or one whose root no model \
         knows. Check the route's map, and the root element or resource of the message.";
    AMBIGUOUS_GROUP = "map-several-groups", Structure, Error,
        "several groups are the rule for this {1}, and the map at {0} does not say which",
        "The item's type is known only in the message, and two groups of the imported maps are equally near to it. \
         Import one of them, or call the group by its name.";
    UNKNOWN_TARGET = "map-unknown-target", Structure, Error,
        "the map at {0} writes {1}, which the target's model does not know there",
        "The element does not exist below the type that the map made.";
    OVERWRITTEN = "map-overwritten", Structure, Warning,
        "the map at {0} writes {1} again, which may stand only once: the later value is kept",
        "The source repeats and the target does not. Choose with `first`, `last` or a condition.";
    TRUNCATED = "map-truncated", Informational, Information,
        "the map at {0} keeps the first {1} characters of this value",
        "The receiver's format has no room for the whole value. What was cut off does not reach the receiver.";
    DROPPED = "map-dropped", Informational, Information,
        "the map does not read this element ({1} values)",
        "What the element says does not reach the receiver. Map it, or declare the drop with `log('dropped: reason')`.";
    MORE_DROPPED = "map-dropped-more", Informational, Information,
        "{1} further elements are not read by the map",
        "There were more elements that the map does not read than are listed one by one.";
    LOGGED = "map-log", Informational, Information,
        "the map at {0} says: {1}",
        "The map has a `log` at the place named, which says something about every message that \
         comes by there. Nothing is wrong with the message.";
    TOO_COSTLY = "map-too-costly", TooCostly, Fatal,
        "the map at {0} passes its limit of {2} {1}",
        "The map repeats, recurses or grows beyond its limits on this message.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_start_with_the_rooms_word() {
        let mut ids: Vec<_> = CATALOGUE.iter().map(|k| k.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CATALOGUE.len());
        assert!(ids.iter().all(|id| id.starts_with("map-")));
    }
}
