// size: the catalogue of this room's issue kinds
//! Every kind of issue that a profile can raise, with its text and what to do about it.
//!
//! Promises: ids are stable; texts name elements, canonicals, keys and numbers. Never: an element's value.

use crate::message::kinds;

kinds! {
    REQUIRED "profile-required" Required Error
        "{0}: at least {1} needed, {2} found"
        "The profile asks for more occurrences of the element than there are. Add what is missing, or claim \
         a profile that does not ask for it. The expression names the parent, because what is missing has \
         no place of its own."
    TOO_MANY "profile-too-many" Structure Error
        "{0}: at most {1} allowed, {2} found"
        "The profile allows fewer occurrences of the element than there are (0 means that it must not be \
         used at all). Remove what is too much."
    OUT_OF_ORDER "profile-out-of-order" Structure Error
        "{0} comes after an element that it must come before"
        "In FHIR XML elements stand in the order of their definition; in JSON any order will do. Move the element."
    TYPE "profile-type" Value Error
        "{0}: the type {1} is not allowed here{2}"
        "The element is a choice, or holds any resource, and the profile allows fewer types than the one used. \
         Use one of the profile's types."
    TOKEN "profile-token" Value Error
        "{0} is written as the wrong kind of JSON value"
        "Booleans and numbers are written without quotes, every other primitive with quotes, and what has \
         parts as an object."
    EMPTY "profile-empty" Invalid Error
        "{0} is empty"
        "FHIR has no empty values, objects or arrays: leave the element out instead."
    FORMAT "profile-format" Value Error
        "not a valid {0}"
        "The value does not have the form that the type asks for: a code has no outer white space, an id has \
         1 to 64 of A-Z a-z 0-9 - and a full stop."
    EXAMPLE_URL "profile-example-url" Invalid Error
        "the address is one of an example"
        "Domains such as example.org are kept for examples: nothing is found there, and two senders may mean \
         different things by one name there. Use an address of your own."
    BASE64 "profile-base64" Value Error
        "not valid base64"
        "Attachments and other bytes travel as base64 with padding. What cannot be decoded was damaged."
    DATE_FORMAT "profile-date-format" Value Error
        "not a valid {0}"
        "The date does not have the form that the type asks for, or does not exist (30 February). A dateTime \
         with a time needs a zone."
    DECIMAL_RANGE "profile-decimal-range" Value Error
        "the decimal has too many digits or too large an exponent"
        "At most 64 digits and magnitudes between 1e-308 and 1e308 are taken: beyond that, systems disagree \
         about what number it is."
    ID_TOO_LONG "profile-id-too-long" TooLong Error
        "an id has at most {0} characters"
        "Ids are names for machines; what is longer is refused by receivers that follow FHIR."
    TOO_LONG "profile-too-long" TooLong Error
        "{0}: at most {1} characters allowed"
        "The value is longer than its type (1 MB for strings, 64 characters for ids) or the profile's \
         maxLength allows. Shorten it, or send it as an attachment."
    WHITE_SPACE "profile-white-space" Value Warning
        "the value begins or ends with white space"
        "Receivers may trim it or not, so that two systems see two values. Remove the white space."
    FIXED "profile-fixed" Value Error
        "{0}: the value differs from the profile's fixed value"
        "The profile fixes this element to one exact value, nothing more and nothing less. See the profile's \
         element for it."
    PATTERN "profile-pattern" Value Error
        "{0}: the value lacks something of the profile's pattern"
        "The profile says which parts this element must at least have. See the profile's element for them."
    MIN_VALUE "profile-min-value" Value Error
        "{0}: below the smallest value allowed"
        "The profile gives a smallest value (minValue) for this element; the one here is below \
         it. See the profile's element for it."
    MAX_VALUE "profile-max-value" Value Error
        "{0}: above the largest value allowed"
        "The profile gives a largest value (maxValue) for this element; the one here is above it. \
         See the profile's element for it."
    BINDING_REQUIRED "profile-binding-required" CodeInvalid Error
        "{0}: not a code of the value set {1}"
        "The binding is required: only codes of that value set may be used, with the system it gives them."
    BINDING_NO_CODE "profile-binding-no-code" CodeInvalid Error
        "{0}: a code of the value set {1} is needed, and there is none"
        "The binding is required: text alone is not enough. Add a coding whose system and code \
         are of the value set."
    BINDING_EXTENSIBLE "profile-binding-extensible" CodeInvalid Warning
        "{0}: none of its codes is of the extensible value set {1}"
        "Use a code of the value set if one fits; another code is allowed only if none does."
    BINDING_MAX "profile-binding-max" CodeInvalid Error
        "{0}: not a code of the largest value set allowed, {1}"
        "The binding names a set (maxValueSet) beyond which no code may be used."
    BINDING_UNKNOWN "profile-binding-unknown" CodeInvalid Information
        "{0}: could not check against the value set {1}"
        "The value set, or a code system in it, is not among the loaded packages. Load the package that \
         defines it to have this checked."
    CODE_UNKNOWN "profile-code-unknown" CodeInvalid Error
        "no such code in the code system {0}"
        "The code system is loaded and complete, and does not define this code. Check the spelling; codes \
         may differ by case."
    CODE_UNKNOWN_HERE "profile-code-unknown-here" CodeInvalid Warning
        "no such code in what is loaded of the code system {0}"
        "The code system is loaded in part, so that the code may exist elsewhere."
    DISPLAY "profile-display" CodeInvalid Error
        "the code system {0} does not call this code so"
        "The display is neither the display that the code system gives the code nor one of its designations, \
         in any language: whoever reads it may take the code for another. Write the system's own words, or leave \
         the display out. Upper and lower case are the same. `wrong_display = \"warn\"` in `[definitions]` makes \
         this a warning."
    SYSTEM_IS_VALUE_SET "profile-system-value-set" Invalid Error
        "the system is a value set, not a code system"
        "A value set chooses codes of code systems and has none of its own. Write the system that the code \
         comes from."
    SECURITY_TWICE "profile-security-twice" Duplicate Error
        "the same security label stands there already"
        "Security labels are a set: each is said once. Remove the later one."
    SYSTEM_RELATIVE "profile-system-relative" Invalid Error
        "the system of the {0} must be an absolute address"
        "A system says what a code or an identifier means, wherever it is read: write its whole address \
         (`http://...`, `urn:oid:...`), not one that depends on where the message is."
    IDENTIFIER_NO_URI "profile-identifier-no-uri" Value Error
        "the system says that the identifier is a URI, and it is none"
        "With the system `urn:ietf:rfc:3986` the value is a URI by itself, as `urn:uuid:` with a uuid or \
         `urn:oid:` with an oid: a bare uuid or oid needs that beginning."
    CANONICAL_RELATIVE "profile-canonical-relative" Invalid Error
        "a canonical must be absolute, or # with the id of a contained resource"
        "Canonicals name definitions independently of where the message is. Write the definition's whole url."
    CANONICAL_KIND "profile-canonical-kind" Invalid Error
        "the canonical is that of another kind of definition than may stand here"
        "The element names a definition of a certain kind, as a value set, and what has this canonical is of \
         another, as a code system. Name the one that is meant."
    SLICE_REQUIRED "profile-slice-required" Required Error
        "{0}: at least {1} matching item needed, {2} found"
        "The profile names a kind of item (a slice) that must be present. An item belongs to the slice when \
         the element that tells slices apart (its discriminator) has the value that the profile fixes."
    SLICE_TOO_MANY "profile-slice-too-many" Structure Error
        "{0}: at most {1} matching items allowed, {2} found"
        "More items belong to this slice of the profile than it allows. Remove what is too much, \
         or give the item the discriminator of another slice."
    SLICE_CLOSED "profile-slice-closed" Structure Error
        "{0}: the item belongs to none of the slices, and no others are allowed"
        "The slicing is closed: every item must belong to one of the profile's slices."
    SLICE_OPEN_AT_END "profile-slice-open-at-end" Structure Error
        "{0}: an item that belongs to a slice comes after one that belongs to none"
        "The slicing is open at its end only: items of no slice come last."
    SLICE_ORDER "profile-slice-order" Structure Error
        "{0}: the item comes after one of a later slice"
        "The slicing is ordered: items come in the order of the profile's slices."
    SLICE_AMBIGUOUS "profile-slice-ambiguous" MultipleMatches Error
        "{0}: the item belongs to more than one slice"
        "The profile's discriminators must tell slices apart; this item meets two of them."
    EXTENSION_UNKNOWN "profile-extension-unknown" Extension Error
        "the extension is not defined by any loaded package"
        "Load the package that defines the extension, correct its url, or set how unknown extensions are \
         taken."
    EXTENSION_MODIFIER "profile-extension-modifier" Extension Error
        "the modifier extension is not known here, so that the element's meaning is not known either"
        "A modifier extension may turn the meaning of its element around; FHIR says that who does not know it \
         must refuse. Load the package that defines it."
    EXTENSION_CONTEXT "profile-extension-context" Extension Error
        "the extension {0} may not stand here"
        "The definition of the extension lists the elements on which it may be used, and this is \
         none of them. Move it to one of those."
    EXTENSION_NOT_MODIFIER "profile-extension-not-modifier" Extension Error
        "the extension {0} is defined as a modifier and must be a modifierExtension, or the reverse"
        "A modifier extension goes into `modifierExtension`, any other into `extension`."
    EXTENSION_PART "profile-extension-part" Extension Error
        "the extension {0} has no part of that name"
        "The definition of the extension lists the parts that it is made of, by short names, and this is none \
         of them. Correct the name; what is more to be said belongs into an extension of its own."
    EXTENSION_URL "profile-extension-url" Invalid Error
        "an extension's url must be absolute"
        "An extension is named by the canonical of its definition, which is an absolute address. \
         Only the parts of a complex extension have short names."
    REFERENCE_TYPE "profile-reference-type" Structure Error
        "{0}: a reference to {1} is not allowed here; allowed are {2}"
        "The profile lists the types of resources that may be referred to here. Refer to one of \
         those, or leave the reference out."
    REFERENCE_PROFILE "profile-reference-profile" Structure Error
        "{0}: what it refers to does not meet any of the profiles {1}"
        "The resource is in this message and was checked against the profiles that the reference asks for. \
         Validate it by itself against one of them to see why it does not meet it."
    REFERENCE_LEAVES "profile-reference-leaves" NotFound Error
        "{0}: the reference leaves the message, and must not"
        "The profile says that the resource must be in the same Bundle. Add it as an entry whose fullUrl is \
         what the reference resolves to."
    REFERENCE_AGGREGATION "profile-reference-aggregation" Structure Error
        "{0}: what it refers to may not be {1} here"
        "The profile says whether the resource must be contained, in the same Bundle, or elsewhere."
    REFERENCE_FRAGMENT "profile-reference-fragment" NotFound Error
        "the reference names a contained resource that is not there"
        "A reference that begins with # names the id of a resource in `contained` of the same resource."
    REFERENCE_FORM "profile-reference-form" Invalid Error
        "a relative reference must be Type/id"
        "In a Bundle, write `Patient/123`, an absolute URL, `urn:uuid:` with a uuid, or # with the id of a contained \
         resource."
    REFERENCE_MISMATCH "profile-reference-mismatch" Structure Error
        "{0}: what it refers to is a {1}"
        "The type in the reference's text or in its `type` differs from the resource that it leads to."
    REFERENCE_TYPE_UNKNOWN "profile-reference-type-unknown" Value Error
        "the reference's type names no type of resource"
        "Write the type as FHIR spells it, with a capital (`Practitioner`), or the canonical of a model that is \
         not FHIR's own."
    REFERENCE_AMBIGUOUS "profile-reference-ambiguous" MultipleMatches Error
        "the reference leads to more than one entry"
        "Several entries have this fullUrl, in different versions. Write the version that is meant \
         (`Type/id/_history/2`), or keep one version only."
    REFERENCE_NOT_INSIDE "profile-reference-not-inside" NotFound Error
        "{0}: what it refers to must be in this {1}, and is not"
        "What a Composition or a MessageHeader refers to travels with it. Add the resource as an entry whose \
         fullUrl is what the reference resolves to: an absolute reference is a fullUrl as it stands, a relative \
         one is completed with the server's address in its own entry's fullUrl."
    REFERENCE_BY_ID "profile-reference-by-id" NotFound Error
        "{0}: an entry has that type and id, and not the fullUrl that the reference resolves to"
        "A relative reference is completed with the server's address in its own entry's fullUrl; among \
         `urn:uuid` fullUrls it leads nowhere. Refer to the entry by its fullUrl, or correct the fullUrls."
    CONTAINED_UNUSED "profile-contained-unused" Invariant Error
        "dom-3: the contained resource is not referred to"
        "A contained resource must be referred to from the resource that contains it, or refer to it."
    CONSTRAINT "profile-constraint" Invariant Error
        "{0}: {1}"
        "An invariant of the profile does not hold. Its key leads to its FHIRPath expression in the profile."
    CONSTRAINT_NOT_CHECKED "profile-constraint-not-checked" Informational Information
        "{0} could not be checked: {1}"
        "The invariant uses something that is not at hand, or that its own text gets wrong. Nothing is said \
         about whether the message meets it."
    NARRATIVE_SECURITY "profile-narrative-security" Security Error
        "txt-1: the narrative holds what may run or load ({0})"
        "Scripts, event handlers, frames, forms, objects and javascript: addresses are refused, never \
         rewritten."
    NARRATIVE_ELEMENT "profile-narrative-element" Invariant Error
        "txt-1: the narrative holds something that XHTML in FHIR does not allow ({0})"
        "Only the formatting elements and attributes of HTML 4.0 chapters 7 to 11 (except 4.4, 9 and 15), \
         links, images and style are allowed, well formed and in the XHTML namespace."
    NARRATIVE_BLANK "profile-narrative-blank" Invariant Error
        "txt-2: the narrative has no text and no image"
        "A narrative says something to a reader: a text or an image. Leave `text` out instead of \
         sending an empty one."
    PROFILE_UNKNOWN "profile-unknown" NotSupported Error
        "the profile {0} is not supported: no loaded package defines it{1}"
        "Load the package that defines the profile, or correct the claim in `meta.profile`. \
         `unknown_profile = \"warn\"` in `[definitions]` makes this a warning."
    PROFILE_UNKNOWN_VERSION "profile-unknown-version" NotSupported Error
        "the profile {0} is not loaded in the version that was asked for"
        "The profile is loaded, but not in the version that the claim names after `|`. Load the \
         package of that version, or claim one that is loaded."
    PROFILE_NOT_LOADED "profile-not-loaded" NotSupported Information
        "{0}: could not check against {1}, which no loaded package defines"
        "The profile names another that is not at hand. Load the package that defines it to have this checked."
    PROFILE_WRONG_TYPE "profile-wrong-type" Structure Error
        "the profile {0} is for another type of resource"
        "A profile can only be claimed by resources of the type that it constrains."
    PROFILE_NO_MATCH "profile-no-match" Structure Error
        "{0}: it meets none of the profiles {1}"
        "Several profiles are allowed here, of which at least one must be met."
    RESOURCE_ID "profile-resource-id" Invalid Error
        "not a valid resource id"
        "An id has 1 to 64 characters of A-Z, a-z, 0-9, - and the full stop."
    FULL_URL_DUPLICATE "profile-full-url-duplicate" Duplicate Error
        "two entries have the same fullUrl"
        "Within a Bundle a fullUrl (with a version, if there is one) names one resource."
    FULL_URL_FORM "profile-full-url-form" Invalid Error
        "the fullUrl is not an absolute URL (and that of {0} other entries)"
        "Use the resource's address on its server, or `urn:uuid:` with a uuid. Of several such fullUrls in a \
         Bundle the first is told."
    FULL_URL_MISMATCH "profile-full-url-mismatch" Invalid Error
        "the fullUrl is a server's address and does not end with the resource's type and id"
        "An address such as https://server/Patient/123 names the resource of that type and id."
    FULL_URL_MISSING "profile-full-url-missing" Required Error
        "the entry has no fullUrl"
        "Every entry except in transactions and batches needs a fullUrl, or references cannot lead to it."
    FULL_URL_NO_ID "profile-full-url-no-id" Invalid Error
        "the fullUrl is a server's address, and the resource has no id (nor have {0} others)"
        "An address such as https://server/Patient/123 says that the resource's id is 123. Give the resource that \
         id, or use `urn:uuid:` with a uuid as the fullUrl of what no server has named yet."
    BUNDLE_LINK_PAGE "profile-bundle-link-page" Invalid Error
        "a link to another page, which only searches and histories have"
        "The relations first, previous, next and last lead from one page of a result to another. A message, a \
         document or any other Bundle is whole: remove the link."
    BUNDLE_LINK_TWICE "profile-bundle-link-twice" Duplicate Error
        "the relation {0} has a link already"
        "A Bundle has at most one link to itself, and a page of a result one to each of its neighbours. Remove \
         the later one."
    BUNDLE_STYLE_SHEET "profile-bundle-style-sheet" NotFound Error
        "the style sheet is not in the document"
        "A document's style sheet with a relative address is a Binary among its entries. Add it, or link to a \
         sheet by an absolute address."
    DOCUMENT_ORPHAN "profile-document-orphan" Invalid Error
        "nothing leads from the Composition to this entry, nor from the entry to what it leads to"
        "A document holds what its Composition refers to, directly or over other entries. Refer to the resource, \
         or leave it out."
    SEARCH_NO_RESOURCE "profile-search-no-resource" Required Error
        "an entry of a search without a resource"
        "Every entry of a searchset is a resource: what was found, what was included, or an OperationOutcome."
    SEARCH_NO_ID "profile-search-no-id" Required Error
        "a resource that was found or included, and has no id"
        "What a search finds or includes lies on a server and has an id there; only an OperationOutcome has \
         none. Give the resource the id under which the server has it."
    SEARCH_TYPE "profile-search-type" Invalid Error
        "a {0} cannot be this kind of entry"
        "An entry of mode `match` is of a type that was searched for (the address of the link `self` says \
         which), one of mode `outcome` is an OperationOutcome."
    NARRATIVE_LINK "profile-narrative-link" NotFound Error
        "the narrative has a link or image whose #target is not in the resource"
        "In a narrative, `#x` leads to an element, a contained resource or a piece of the markup whose id is x, in \
         the same resource, or to the entry's resource of that id. Correct the link, or give the target that id."
    ATTACHMENT "profile-attachment" Value Error
        "the attachment's {0} does not fit its data"
        "`size` counts the decoded bytes, `hash` is the SHA-1 of them in base64."
    UNTOLD "profile-untold" TooCostly Information
        "{0} more issues are not told"
        "A thousand issues are told of one message. Mend those first."
    TOO_FAR "profile-too-far" TooCostly Information
        "could not check wholly against {0}: its references lead too far"
        "Profiles that ask for profiles of what is referred to are followed over twelve references."
    TOO_DEEP "profile-too-deep" TooCostly Error
        "too many profiles apply at one place"
        "At most eight profiles are checked on one element. Claim fewer."
}
