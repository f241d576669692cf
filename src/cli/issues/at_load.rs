// size: the catalogue of what is found at load
//! What can be found in configuration, packages, profiles, models and maps when they are loaded, with what to
//! do about it; and the faults of expressions that such findings quote.
//!
//! Promises: every id that the program can print is here (a test reads the sources). In order of rooms.

/// (id, what it means and what to do).
pub const AT_LOAD: &[(&str, &str)] = &[
    (
        "config-bad-certificate",
        "A certificate, a key, a file of authorities or a list of revoked certificates cannot be \
         used: it is no PEM, it holds nothing of its kind, or the key is not the certificate's.",
    ),
    (
        "config-bad-value",
        "The value has the right form (a text, a number, a list) but is not one that this key \
         takes: a duration without a unit, an identifier whose check digit is wrong, an address \
         without a port. The message says what is expected; the reference page of the \
         configuration has every key's form.",
    ),
    (
        "config-duplicate-address",
        "Two listeners would listen on the same address. Give each an address and port of its \
         own.",
    ),
    (
        "config-duplicate-name",
        "Two parties, endpoints, routes or listeners have the same name, and others refer to them \
         by it. Rename one.",
    ),
    (
        "config-foreign-endpoint",
        "The route's receiver is one party, and the endpoint it delivers to belongs to another. \
         Name an endpoint of the receiver, or of nobody else.",
    ),
    (
        "config-idle-key",
        "The key has no effect here, because what it is about is not asked for: a parameter of a \
         map on a route that has no map. Remove it, or add what it needs.",
    ),
    (
        "config-missing-key",
        "A key that this section must have is not there. The reference page of the configuration \
         lists what is required.",
    ),
    (
        "config-missing-section",
        "A section that every configuration must have is in none of its files. The reference page \
         of the configuration has an example of each.",
    ),
    (
        "config-mute-carrier",
        "The party is said to carry messages of others, but has no token or certificate, so that \
         it can send nothing. Give it one, or drop `carries`.",
    ),
    (
        "config-no-intake",
        "No listener takes messages, so that the engine can only deliver what it has. That may be \
         meant; if not, add a listener of kind `messages`.",
    ),
    (
        "config-no-such-file",
        "A file that the configuration names is not there. Paths count from the configuration's \
         folder, not from where the program was started.",
    ),
    (
        "config-own-carrier",
        "A party is said to carry its own messages. `carries` is for those of others; its own it \
         may always send.",
    ),
    (
        "config-plain-endpoint",
        "Messages would leave this machine unencrypted. In production that is an error: send over \
         TLS, or to a proxy on this machine that does.",
    ),
    (
        "config-plain-listener",
        "The listener would take messages from other machines unencrypted. Listen on a loopback \
         address, or give the listener `tls`. One for operations is for this machine alone.",
    ),
    (
        "config-second-section",
        "A section that may stand once in a configuration stands in two places. Keep one of them.",
    ),
    (
        "config-shared-certificate",
        "Two parties have the same name in their certificates, so that nobody could say who \
         sends. Give each a name of its own.",
    ),
    (
        "config-shared-identifier",
        "Two parties have the same identifier, so that a message for it would have two receivers. \
         An identifier belongs to one party.",
    ),
    (
        "config-shared-token",
        "Two parties have the same token, so that nobody could say who sends. Give each party a \
         token of its own.",
    ),
    ("config-syntax", "The file is not TOML here. The usual cause is a text without quotes."),
    (
        "config-unknown-key",
        "The section has no such key. Check its spelling: a key that nobody reads would be a \
         setting that silently does nothing. The reference page of the configuration lists them \
         all.",
    ),
    (
        "config-unknown-name",
        "The configuration refers to a party, endpoint, map or other thing by a name that none \
         has. Check the spelling, or declare it.",
    ),
    (
        "config-unreachable-route",
        "An earlier route takes every message that this one would take, so that this one is never \
         used. Give the earlier one a condition, or put it last.",
    ),
    (
        "config-unread-file",
        "The file lies in the configuration's folder and is read by nobody. Move it to where it \
         belongs, or remove it: it looks like a setting and is none.",
    ),
    (
        "config-unreadable-file",
        "The file is there and cannot be read: its permissions, its encoding (UTF-8 is wanted) or \
         its size. The message says which.",
    ),
    (
        "config-wrong-form",
        "The value has another form than the key takes: a number where a text belongs, one value \
         where a list belongs. The message says both.",
    ),
    (
        "directory-date",
        "A first or last day is no date of the form 2026-11-25, or the last day comes before the \
         first.",
    ),
    (
        "directory-fields",
        "The line has more or fewer cells than the header has columns. A cell that holds a comma \
         stands in quotes.",
    ),
    (
        "directory-header",
        "The first line names the columns, and this one names a column that is not known, twice, \
         or none at all.",
    ),
    (
        "directory-identifier",
        "An identifier does not have the form of its kind, or its check digit is wrong. Numbers \
         that begin with 0 lose it in spreadsheets.",
    ),
    (
        "directory-line",
        "The line describes no organisation: it lacks a name, every identifier, or names a party \
         that is not declared.",
    ),
    (
        "directory-overlap",
        "Two organisations have the same identifier on the same day, so that a message for it \
         would have two receivers. Give one of them a last day.",
    ),
    (
        "definitions-archive-changed",
        "An archive is not the one that the lock file names: its hash is another. Restore the \
         archive that was locked, or, if the new one is meant, add it again with `stafett package \
         add`, which locks it.",
    ),
    (
        "definitions-archive-gone",
        "The lock file names an archive that is not in the folder of packages, or cannot be read. \
         Restore it, or add the package again.",
    ),
    (
        "definitions-archive-not-locked",
        "An archive lies in the folder of packages and the lock file does not name it, so it is \
         not loaded. Add it with `stafett package add`, or take it away.",
    ),
    (
        "definitions-lock",
        "The lock file of the packages cannot be read, so nobody knows which archives are meant. \
         Restore it from version control, or remove it and add the packages again.",
    ),
    (
        "definitions-missing-code-system",
        "A definition names a code system that no loaded package has. Bindings that need it \
         cannot be checked, which is told for each message. Load the package that has it.",
    ),
    (
        "definitions-missing-package",
        "A package depends on another that is not loaded in any version. What needs it cannot be \
         checked. Add it to the folder of packages; with strict loading this is an error.",
    ),
    (
        "definitions-missing-structure",
        "A definition names a profile, an extension or a type that no loaded package has. What \
         needs it cannot be checked. Load the package that has it.",
    ),
    (
        "definitions-missing-type",
        "A definition gives an element a type that is neither FHIR's nor a loaded model's. The \
         element stays without a type, and nothing below it is checked.",
    ),
    (
        "definitions-missing-value-set",
        "A binding names a value set that no loaded package has, so that it cannot be checked, \
         which is told for each message. Load the package, or add an alias if the value set \
         exists under another canonical.",
    ),
    (
        "definitions-no-snapshot",
        "A snapshot could not be made from the definition's differential: the element named does \
         not fit its base. A guess would check something else than the author meant, so the \
         definition is not used. Publish it with a snapshot, or mend the differential.",
    ),
    (
        "definitions-other-version",
        "A package asks for a version of another that is not loaded; the nearest loaded version \
         stands in for it. Load the version that is asked for when they differ in what you need.",
    ),
    (
        "definitions-package-twice",
        "The same package in the same version is among the files twice. The first is used; remove \
         the other.",
    ),
    (
        "definitions-unreadable",
        "A file of a package or a resource given beside it is no FHIR resource that can be read. \
         Nothing of it is used.",
    ),
    (
        "profile-element",
        "The profile constrains an element that its type does not have. That part of the profile \
         cannot be checked; everything else is. Tell the profile's publisher.",
    ),
    (
        "profile-invariant",
        "The expression of an invariant has a fault: it does not follow FHIRPath, names an \
         element that its type does not have, or gives a function what it cannot take. It is \
         evaluated as far as it can be, or said to be not checked. Tell the profile's publisher.",
    ),
    (
        "profile-literal",
        "A fixed or pattern value of a profile is written in a way that cannot be read. It is not \
         checked. Tell the profile's publisher.",
    ),
    (
        "profile-loose-pattern",
        "The pattern `^a|b$` means \"begins with a, or ends with b\", which is hardly what was \
         meant: `^(a|b)$` asks for the whole. It is evaluated as it stands.",
    ),
    (
        "profile-no-snapshot",
        "The profile has no snapshot and none could be made, so that nothing of it could be \
         checked. It is not used; another finding says why the snapshot could not be made.",
    ),
    (
        "profile-slice-undecidable",
        "The slicing's discriminator leads to nothing that tells items of this slice from others. \
         Which items belong to it cannot be decided, so it is not checked.",
    ),
    (
        "profile-slices",
        "The element has more slices than are checked. Those beyond the limit are not; no \
         published profile comes near it.",
    ),
    (
        "profile-vacuous",
        "The invariant is true for every message there can be, for the reason named: most often a \
         filter that never lets anything through. It is evaluated faithfully and protects nobody. \
         Tell the profile's publisher.",
    ),
    ("model-file", "A schema or model file cannot be read from the disk: see the reason given."),
    (
        "model-missing-definition",
        "A schema refers to a type, an element or a group that none of the given schemas defines. \
         Give the schema that does, too.",
    ),
    (
        "model-no-root",
        "None of the given schemas declares the element that was named as the root. Check its \
         name and namespace.",
    ),
    (
        "model-no-schema",
        "The file is no XML schema: its root element is not `schema` in the namespace of XML schemas.",
    ),
    (
        "model-too-deep",
        "The schema nests elements deeper than a message may be read. A type that holds itself is \
         the usual reason: it must be cut somewhere.",
    ),
    (
        "map-ambiguous-group",
        "Several groups of the map and its imports have this name, so that it is not clear which \
         is called. Rename one.",
    ),
    (
        "map-ambiguous-type-group",
        "Several groups declare themselves the ones for these types, so that a rule without a \
         call could use any of them. Name the group in the rule, or take `<<types>>` off one of \
         them.",
    ),
    (
        "map-arity",
        "A group is called or extended with another number of parameters than it declares, or a \
         transform with another number of arguments than it takes.",
    ),
    (
        "map-cardinality-twice",
        "A source says its cardinality twice, before and after its type or condition. Keep one of them.",
    ),
    ("map-circular", "Groups extend each other in a circle. One of them must stand by itself."),
    (
        "map-entry",
        "The first group of a map is where a translation begins: it has one target, the message \
         it makes, and the sources it is made of.",
    ),
    (
        "map-expression",
        "An expression of the map has a fault. The message says what and, where something is \
         near, what may have been meant.",
    ),
    (
        "map-missing",
        "A route names a map that the running configuration does not have. Messages of that route \
         are kept and not delivered; mend the configuration and translate them again.",
    ),
    (
        "map-no-group",
        "The map has no group, so that it makes nothing. A translation begins with the first group of the map.",
    ),
    (
        "map-syntax",
        "The map does not follow the mapping language at this place. The message says what was \
         expected; the page about maps has the grammar by example.",
    ),
    (
        "map-too-many-groups",
        "The groups are called with more combinations of types than a plan may have. Groups that \
         call each other with ever new types are the usual reason.",
    ),
    (
        "map-unreachable",
        "Nothing can come here: no group calls it, no type chooses it, or its condition is never \
         true. Remove it, or find out who was meant to call it.",
    ),
    (
        "map-unused-variable",
        "The map gives something a name and never speaks of it again. Often another variable was \
         meant where it should have been used.",
    ),
    (
        "map-past-maximum",
        "The source may repeat, and what the rule writes may stand only once. All but one value \
         is lost; say which one counts.",
    ),
    (
        "map-recursion",
        "The group comes back to itself with exactly what it was given and asks nothing on the \
         way, so that it never ends. Pass on a part, or put a condition before the call.",
    ),
    (
        "map-unknown-code",
        "The concept map has no such code. A translation that can never succeed is a mistake in \
         one of the two.",
    ),
    (
        "map-unknown-concept-map",
        "No concept map of this canonical is among the map's own, the packages' or the route's. \
         Check the canonical, or give the file.",
    ),
    (
        "map-unknown-earlier",
        "The map's head declares an earlier message by a name that is no source parameter of its \
         first group beyond the first. Name the parameter that the earlier message is given to.",
    ),
    (
        "map-unknown-element",
        "The type has no element of this name. Models name elements, not their XML or JSON \
         spelling: a choice is `value`, not `valueString`.",
    ),
    (
        "map-unknown-group",
        "No group of this name is in the map or in what it imports. Check the name, or import the \
         map that has it.",
    ),
    (
        "map-unknown-import",
        "No map that is loaded has the canonical of an `imports`, or fits its pattern. Give the \
         file, or drop the import; groups of it cannot be called until then.",
    ),
    (
        "map-unknown-model",
        "A `uses` names a model that is not loaded. Give the StructureDefinition, or load its \
         package.",
    ),
    (
        "map-unknown-parameter",
        "The map reads a parameter of its route that it does not declare. Declare it, so that a \
         route that lacks it is told when it is loaded.",
    ),
    (
        "map-unknown-prefix",
        "A prefix is used in a concept map that declares no such prefix. Declare it with `prefix x = \"url\"`.",
    ),
    (
        "map-unknown-profile",
        "An expression of the map asks `conformsTo` about a profile that no loaded package has, so \
         that it could never be answered. Load the package, or mend the canonical.",
    ),
    (
        "map-unknown-transform",
        "There is no transform of this name. Check the spelling; the page about maps lists them.",
    ),
    (
        "map-unknown-type",
        "No type of this name is FHIR's, a loaded model's or an alias of the map. Check the \
         spelling, or add a `uses`.",
    ),
    (
        "map-unknown-variable",
        "No source, target or parameter in scope has this name. A variable lives to the end of \
         the rule that makes it.",
    ),
    (
        "map-unknown-value-set",
        "An expression of the map asks `memberOf` about a value set that no loaded package has, so \
         that it could never be answered. Load the package, or mend the canonical.",
    ),
    (
        "map-unknown-zone",
        "There is no time zone of this name. Zones are called as in the time zone database: \
         `Europe/Copenhagen`.",
    ),
    ("map-wrong-mode", "A source is used where a target is needed, or the other way round."),
    (
        "route-expression",
        "The condition of a route or a path of an intake description has a fault. The message \
         says what and, where something is near, what may have been meant.",
    ),
    (
        "route-unknown-zone",
        "There is no time zone of this name. Zones are called as in the time zone database: \
         `Europe/Copenhagen`.",
    ),
    ("receipt-codes", "A line of the table of receipt codes does not say: key, whose table, code."),
    (
        "exchange-rules",
        "The data of the exchange rules (events, code systems, tables) cannot be read: see the \
         reason given. Without them a message's exchange cannot be judged.",
    ),
    (
        "fhirpath-arguments",
        "A function is given more or fewer arguments than it takes. The message says how many it takes.",
    ),
    (
        "fhirpath-never",
        "The type that is asked for can never be what stands here, so that the result is always \
         empty or false. That is a note: the expression is evaluated as it stands.",
    ),
    (
        "fhirpath-no-order",
        "A function that depends on order is applied to what has no order. That is an error only \
         where order is asked to be checked.",
    ),
    (
        "fhirpath-pattern",
        "A regular expression that is written in the expression is none. It is compiled once, \
         when the expression is.",
    ),
    ("fhirpath-syntax", "The expression does not follow FHIRPath's grammar at the place named."),
    (
        "fhirpath-too-deep",
        "The expression is nested too deeply to be compiled safely. No expression that a person \
         writes comes near.",
    ),
    (
        "fhirpath-unknown-element",
        "The type has no element of this name, so that the path could never find anything. A \
         choice is called `value`, not `valueQuantity`.",
    ),
    (
        "fhirpath-unknown-function",
        "There is no function of this name in FHIRPath or in FHIR's additions to it.",
    ),
    ("fhirpath-unknown-type", "There is no type of this name in FHIR or in FHIRPath's own types."),
    (
        "fhirpath-unknown-variable",
        "Nobody gives a variable of this name here. FHIR gives %context, %resource and %rootResource.",
    ),
    (
        "fhirpath-wrong-type",
        "A function or operator is given what it cannot take: a text where a number is needed, \
         several values where one is.",
    ),
];
