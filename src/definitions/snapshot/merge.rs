//! What a differential's element says, laid over what its base says.

use super::super::model::{Binding, Constraint, ElementDefinition, TypeRef};

/// Lays `own` over `base`. `url` is the definition that says it: the source of constraints that name none.
pub(super) fn over(base: &mut ElementDefinition, own: &ElementDefinition, url: &str) {
    lay(&mut base.min, &own.min);
    lay(&mut base.max, &own.max);
    lay(&mut base.content_reference, &own.content_reference);
    lay(&mut base.fixed, &own.fixed);
    lay(&mut base.pattern, &own.pattern);
    lay(&mut base.min_value, &own.min_value);
    lay(&mut base.max_value, &own.max_value);
    lay(&mut base.max_length, &own.max_length);
    lay(&mut base.slicing, &own.slicing);
    lay(&mut base.xml_namespace, &own.xml_namespace);
    lay(&mut base.xml_name, &own.xml_name);
    if !own.types.is_empty() {
        base.types = own.types.iter().map(|one| typed(one, &base.types)).collect();
    }
    if !own.representation.is_empty() {
        base.representation.clone_from(&own.representation);
    }
    if let Some(binding) = &own.binding {
        base.binding = Some(bound(binding, base.binding.as_ref()));
    }
    base.is_modifier |= own.is_modifier;
    base.is_summary |= own.is_summary;
    base.must_support |= own.must_support;
    constrain(&mut base.constraints, &own.constraints, url);
}

fn lay<T: Clone>(base: &mut Option<T>, own: &Option<T>) {
    if own.is_some() {
        base.clone_from(own);
    }
}

/// A type of the differential; what it leaves out about the same type stays as the base says.
fn typed(own: &TypeRef, base: &[TypeRef]) -> TypeRef {
    let mut one = own.clone();
    if let [only] = base {
        let same = only.code == one.code;
        if same && one.target_profiles.is_empty() {
            one.target_profiles.clone_from(&only.target_profiles);
        }
        if same && one.profiles.is_empty() {
            one.profiles.clone_from(&only.profiles);
        }
    }
    one
}

fn bound(own: &Binding, base: Option<&Binding>) -> Binding {
    let mut one = own.clone();
    if one.value_set.is_none() {
        one.value_set = base.and_then(|b| b.value_set.clone());
    }
    if one.max_value_set.is_none()
        && one.value_set.as_ref() == base.and_then(|b| b.value_set.as_ref())
    {
        one.max_value_set = base.and_then(|b| b.max_value_set.clone());
    }
    one
}

fn constrain(base: &mut Vec<Constraint>, own: &[Constraint], url: &str) {
    for one in own {
        let mut one = one.clone();
        one.source.get_or_insert_with(|| url.into());
        match base.iter_mut().find(|b| b.key == one.key) {
            Some(same) => *same = one,
            None => base.push(one),
        }
    }
}
