//! The yardstick must be the usual one: serde_json with its default features.

use serde_json::Value;

/// What is off, said for people; or what is on and must not be.
pub fn check() -> Result<&'static str, String> {
    let arbitrary = serde_json::from_str::<Value>("1.10").map(|v| v.to_string());
    if arbitrary.ok().as_deref() != Some("1.1") {
        return Err("serde_json has `arbitrary_precision` on: ratios would be false".to_owned());
    }
    let order = serde_json::from_str::<Value>(r#"{"b":1,"a":2}"#).map(|v| v.to_string());
    if order.ok().as_deref() != Some(r#"{"a":2,"b":1}"#) {
        return Err("serde_json has `preserve_order` on: ratios would be false".to_owned());
    }
    Ok("serde_json: default features (arbitrary_precision off, preserve_order off)")
}
